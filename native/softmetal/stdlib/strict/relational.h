// metal_relational.
#pragma once
#include "overloads.h"

namespace metal {

// bool, or the integers that stand for a vector of them: of int for int and float, of short for half.
template <class T, int N>
struct sm_truth {
  typedef vec<int, N> type;
};
template <class T>
struct sm_truth<T, 1> {
  typedef bool type;
};
#define SM_TEST(T, name) sm_truth<T, sm_element<T>::width>::type name(T);
#define SM_TEST2(T, name) sm_truth<T, sm_element<T>::width>::type name(T, T);
SM_FLOATS(SM_TEST, isfinite)
SM_FLOATS(SM_TEST, isinf)
SM_FLOATS(SM_TEST, isnan)
SM_FLOATS(SM_TEST, isnormal)
SM_FLOATS(SM_TEST, signbit)
SM_FLOATS(SM_TEST2, isordered)
SM_FLOATS(SM_TEST2, isunordered)
#undef SM_TEST
#undef SM_TEST2

template <class T>
bool all(T);
template <class T>
bool any(T);
template <class T, class C>
T select(T, T, C);

}  // namespace metal
