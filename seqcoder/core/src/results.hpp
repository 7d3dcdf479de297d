// What functions hand to Python: numpy arrays that own their memory, and rows read from them.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "arrays.hpp"

namespace seqcoder {

/// A vector as a numpy array of one dimension, without a copy.
template <typename T>
nb::ndarray<nb::numpy, T, nb::ndim<1>> to_array(std::vector<T>&& values) {
    auto* kept = new std::vector<T>(std::move(values));
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return {kept->data(), {kept->size()}, owner};
}

/// A vector of rows, structures of int64 only, as int64[n, columns], without a copy.
template <typename Row>
nb::ndarray<nb::numpy, std::int64_t, nb::ndim<2>> to_rows(std::vector<Row>&& rows) {
    constexpr std::size_t columns = sizeof(Row) / sizeof(std::int64_t);
    static_assert(columns * sizeof(std::int64_t) == sizeof(Row) && std::is_standard_layout_v<Row>);
    auto* kept = new std::vector<Row>(std::move(rows));
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<Row>*>(p); });
    return {reinterpret_cast<std::int64_t*>(kept->data()), {kept->size(), columns}, owner};
}

/// int64[n, columns] as rows.
template <typename Row>
std::span<const Row> as_rows(const In<std::int64_t, 2>& array) {
    require(array.shape(1) == sizeof(Row) / sizeof(std::int64_t), "rows: wrong number of columns");
    return {reinterpret_cast<const Row*>(array.data()), array.shape(0)};
}

template <typename T>
std::span<const T> as_span(const In<T>& array) {
    return {array.data(), array.size()};
}

}  // namespace seqcoder
