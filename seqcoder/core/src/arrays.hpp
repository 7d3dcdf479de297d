// What crosses the border to Python: contiguous numpy arrays, checked by nanobind for their dtype
// and dimensions before a function is called (a TypeError there). Sizes are checked by the
// functions that bind, with `require`.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>

namespace seqcoder {

namespace nb = nanobind;

/// A contiguous array that is read: one dimension unless `N` says otherwise.
template <typename T, std::size_t N = 1>
using In = nb::ndarray<const T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;

/// A contiguous array that the caller owns and a function writes into.
template <typename T, std::size_t N = 1>
using Out = nb::ndarray<T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;

template <typename T>
inline constexpr bool is_array = false;
template <typename... Options>
inline constexpr bool is_array<nb::ndarray<Options...>> = true;

/// An argument as it is given: an array of another dtype, or one that is not contiguous, is a
/// TypeError. nanobind would copy it otherwise, and what is written would go into the copy.
template <typename Argument>
auto as_given() {
    if constexpr (is_array<std::remove_cvref_t<Argument>>) {
        return nb::arg().noconvert();
    } else {
        return nb::arg();
    }
}

template <typename Function, typename Result, typename... Arguments>
void define(nb::module_& module, const char* name, Function&& function,
            std::type_identity<std::function<Result(Arguments...)>>) {
    module.def(name, std::forward<Function>(function), as_given<Arguments>()...);
}

/// Add a function to the module, its arrays taken as they are given.
template <typename Function>
void define(nb::module_& module, const char* name, Function&& function) {
    define(module, name, std::forward<Function>(function),
           std::type_identity<decltype(std::function{function})>{});
}

/// Raise ValueError with `message` unless `holds`: an argument of the wrong size.
inline void require(bool holds, const char* message) {
    if (!holds) throw nb::value_error(message);
}

}  // namespace seqcoder
