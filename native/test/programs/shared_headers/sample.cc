// sample <bands|philox> <samples> <results>: as sample.metal, on files of ints.
#include "sample.h"

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using Compute = void (*)(const int*, int*);

std::vector<int> apply(Compute compute, const std::vector<int>& samples, int inputs, int results) {
  const size_t count = samples.size() / static_cast<size_t>(inputs);
  std::vector<int> all(count * static_cast<size_t>(results));
  for (size_t n = 0; n < count; ++n) {
    compute(&samples[n * static_cast<size_t>(inputs)], &all[n * static_cast<size_t>(results)]);
  }
  return all;
}

}  // namespace

int main(int, char** arguments) {
  std::ifstream file(arguments[2], std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const int* first = reinterpret_cast<const int*>(bytes.data());
  const std::vector<int> samples(first, first + bytes.size() / sizeof(int));
  const bool bands = std::string(arguments[1]) == "bands";
  const std::vector<int> results =
      bands ? apply(sample::fold_and_cut, samples, sample::kBandInputs, sample::kBandResults)
            : apply(sample::random_words, samples, sample::kPhiloxInputs, sample::kPhiloxResults);
  std::ofstream(arguments[3], std::ios::binary)
      .write(reinterpret_cast<const char*>(results.data()),
             static_cast<std::streamsize>(results.size() * sizeof(int)));
}
