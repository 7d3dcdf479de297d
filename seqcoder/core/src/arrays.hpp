// What crosses the border to Python: contiguous numpy arrays, checked by nanobind for their dtype
// and dimensions before a function is called (a TypeError there). Sizes are checked by the
// functions that bind, with `require`.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstdint>

namespace seqcoder {

namespace nb = nanobind;

/// A contiguous array that is read: one dimension unless `N` says otherwise.
template <typename T, std::size_t N = 1>
using In = nb::ndarray<const T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;

/// A contiguous array that the caller owns and a function writes into.
template <typename T, std::size_t N = 1>
using Out = nb::ndarray<T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;

/// Raise ValueError with `message` unless `holds`: an argument of the wrong size.
inline void require(bool holds, const char* message) {
    if (!holds) throw nb::value_error(message);
}

}  // namespace seqcoder
