// Where the Metal kernels find their arguments. One list for all kernels, so that the host binds by name.
#pragma once
#include "portable.h"

namespace fa {
namespace binding {

FA_CONSTANT int kQ = 0;
FA_CONSTANT int kK = 1;
FA_CONSTANT int kV = 2;
FA_CONSTANT int kOut = 3;
FA_CONSTANT int kLse = 4;    ///< [B, Hq, Lq] float, natural logarithm
FA_CONSTANT int kStats = 5;  ///< [2, B, Hq, Lq] float: row maximum in log2 units, denominator
FA_CONSTANT int kMask = 6;   ///< bytes, non-zero = visible
FA_CONSTANT int kBias = 7;   ///< of the type that the constant kBiasType says
FA_CONSTANT int kDOut = 8;
FA_CONSTANT int kDLse = 9;       ///< [B, Hq, Lq] float
FA_CONSTANT int kRowTerms = 10;  ///< [3, B, Hq, Lq] float: shift, inverse, delta (delta.metal)
FA_CONSTANT int kDq = 11;
FA_CONSTANT int kDk = 12;
FA_CONSTANT int kDv = 13;
FA_CONSTANT int kDScores = 14;       ///< dS of some heads, [heads, Lq, Lk rounded up to 8], of the type of q
FA_CONSTANT int kPartialOut = 15;    ///< [splits, B, Hq, Lq, Dv] float, unnormalised
FA_CONSTANT int kPartialStats = 16;  ///< [splits, 2, B, Hq, Lq] float: row maximum, denominator
FA_CONSTANT int kParams = 17;        ///< AttentionParams
FA_CONSTANT int kGradientParams = 18;
FA_CONSTANT int kSplitParams = 19;
FA_CONSTANT int kSequences = 20;    ///< Sequence for each of the batch
FA_CONSTANT int kTaskList = 21;     ///< [tasks of one head] TaskPlace, where sequences are packed
FA_CONSTANT int kAlibiSlopes = 22;  ///< [Hq] or [B, Hq] float
FA_CONSTANT int kSinks = 23;        ///< [Hq] float
FA_CONSTANT int kSlopeTerms = 24;   ///< [B, Hq, Lq] float: sum over keys of dS * distance
FA_CONSTANT int kDBias = 25;        ///< float, of the shape of bias
FA_CONSTANT int kHeadSums = 26;     ///< what a kernel of sums over rows writes: dAlibiSlopes or dSinks
FA_CONSTANT int kBiasParams = 27;
FA_CONSTANT int kBiasParts = 28;  ///< [parts, batches, heads, rows, keys] float: what dBias is the sum of

// prepare.metal shares nothing with the others and has indices of its own.
FA_CONSTANT int kCopyFrom = 0;
FA_CONSTANT int kCopyTo = 1;
FA_CONSTANT int kCopyScales = 2;     ///< float for each int8 row
FA_CONSTANT int kCopyPages = 3;      ///< block table
FA_CONSTANT int kCopyCos = 4;        ///< [positions, pairs] float
FA_CONSTANT int kCopySin = 5;        ///< likewise
FA_CONSTANT int kCopyPositions = 6;  ///< int of each token
FA_CONSTANT int kRowCopy = 18;       ///< RowCopy

// What decode.metal reads a KV cache by, where other kernels have gradients.
FA_CONSTANT int kCachePages = 8;  ///< block table, int [B, maxPages]
FA_CONSTANT int kKScales = 9;     ///< float for each int8 row
FA_CONSTANT int kVScales = 10;
FA_CONSTANT int kCacheParams = 18;  ///< CacheParams

}  // namespace binding

/// Function constants: what is compiled in or left out. All are always set.
namespace constant_id {

FA_CONSTANT int kHasMask = 0;
FA_CONSTANT int kHasBias = 1;
FA_CONSTANT int kBiasType = 2;  ///< int, a BiasType
/// D and Dv equal the kernel's widths, and every row starts at a multiple of four elements in memory that is
/// aligned to four elements: whole fragments and vector loads are safe.
FA_CONSTANT int kAligned = 3;
FA_CONSTANT int kWritesLse = 4;
FA_CONSTANT int kWritesStats = 5;
FA_CONSTANT int kHasStats = 6;  ///< delta: the forward's row maximum and denominator are there
FA_CONSTANT int kHasDLse = 7;
FA_CONSTANT int kStoresDScores = 8;  ///< dkv: dS is kept for a later dQ = dS K
/// decode: writes partial results for decode_reduce, not the rows themselves
FA_CONSTANT int kSplitsKeys = 9;
/// Sequences differ in length (kvLengths, cuSeqlens): each has its Sequence.
FA_CONSTANT int kHasSequences = 10;
/// Sequences are packed (cuSeqlens): tasks are read from a list, because each has blocks of its own.
FA_CONSTANT int kIsPacked = 11;
FA_CONSTANT int kHasAlibi = 12;
FA_CONSTANT int kHasSoftcap = 13;
FA_CONSTANT int kHasSinks = 14;
FA_CONSTANT int kHasDropout = 15;
FA_CONSTANT int kSumsSlopes = 16;  ///< dq: writes what dAlibiSlopes is summed from
/// decode: keys and values are in pages
FA_CONSTANT int kHasPages = 17;
FA_CONSTANT int kKIsInt8 = 18;
FA_CONSTANT int kVIsInt8 = 19;

}  // namespace constant_id

FA_CONSTANT int kBiasFloat32 = 0;
FA_CONSTANT int kBiasFloat16 = 1;
FA_CONSTANT int kBiasBfloat16 = 2;

}  // namespace fa
