// One entry of the batch, or one of the sequences that are packed end to end. Compiled as MSL and as C++.
#pragma once
#include "key_band.h"

namespace fa {

/// Rows and keys are counted inside the sequence everywhere but in the two `first_` members.
struct Sequence {
  int first_query;  ///< row of q, out and lse where it starts; 0 unless sequences are packed
  int first_key;    ///< likewise of k and v
  int queries;      ///< Lq of its own
  int stored_keys;  ///< Lk of its own: rows of dk and dv. Only band.keys of them may be read (kvLengths)
  int offset;       ///< of the diagonal; ALiBi's distance is |i + offset - j|
  KeyBand band;
};

}  // namespace fa
