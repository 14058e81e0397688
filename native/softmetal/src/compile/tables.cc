#include "compile/tables.h"

#include <map>
#include <sstream>

namespace softmetal {
namespace {

// First the names, each once and on its own line; then records that name them by number.
class Names {
 public:
  size_t number(const std::string& name) {
    auto [place, is_new] = numbers_.emplace(name, numbers_.size());
    if (is_new) text_ += name + '\n';
    return place->second;
  }
  std::string text() const { return std::to_string(numbers_.size()) + '\n' + text_; }

 private:
  std::map<std::string, size_t> numbers_;
  std::string text_;
};

void write(std::ostream& out, Names& names, const Location& location) {
  out << names.number(location.file) << ' ' << names.number(location.function) << ' ' << location.line << ' '
      << location.column;
}

bool read(std::istream& in, const std::vector<std::string>& names, Location& location) {
  size_t file = 0, function = 0;
  if (!(in >> file >> function >> location.line >> location.column)) return false;
  if (file >= names.size() || function >= names.size()) return false;
  location.file = names[file];
  location.function = names[function];
  return true;
}

// The counts of a block in the order of the file.
template <class Visit>
void each_count(Block& block, Visit visit) {
  for (uint32_t* count :
       {&block.multiply_adds, &block.additions, &block.multiplications, &block.divisions, &block.exp2,
        &block.other_math, &block.comparisons, &block.integer, &block.conversions}) {
    visit(*count);
  }
}

bool read_names(std::istream& in, std::vector<std::string>& names) {
  size_t count = 0;
  if (!(in >> count)) return false;
  in.ignore();
  for (std::string name; names.size() < count && std::getline(in, name);) names.push_back(name);
  return names.size() == count;
}

}  // namespace

std::string to_text(const KernelTables& tables) {
  Names names;
  std::ostringstream records;
  records << tables.sites.size() << ' ' << tables.blocks.size() << '\n';
  for (const Site& site : tables.sites) {
    write(records, names, site.location);
    records << ' ' << site.alignment << ' ' << site.copy << '\n';
  }
  for (Block block : tables.blocks) {
    write(records, names, block.location);
    each_count(block, [&](uint32_t count) { records << ' ' << count; });
    records << '\n';
  }
  return names.text() + records.str() + "end\n";
}

bool parse_tables(const std::string& text, KernelTables& tables) {
  std::istringstream in(text);
  std::vector<std::string> names;
  size_t sites = 0, blocks = 0;
  if (!read_names(in, names) || !(in >> sites >> blocks) || sites > text.size() || blocks > text.size())
    return false;
  tables.sites.resize(sites);
  tables.blocks.resize(blocks);
  for (Site& site : tables.sites) {
    if (!read(in, names, site.location) || !(in >> site.alignment >> site.copy)) return false;
  }
  for (Block& block : tables.blocks) {
    if (!read(in, names, block.location)) return false;
    each_count(block, [&](uint32_t& count) { in >> count; });
  }
  std::string end;
  return in >> end && end == "end";
}

}  // namespace softmetal
