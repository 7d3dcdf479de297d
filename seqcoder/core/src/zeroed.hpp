// Large tables of zeros that the system hands out page by page as they are touched.
#pragma once

#include <cstring>
#include <utility>

#include "integers.hpp"

namespace seqcoder {

/// Zeroed memory that begins on a cache line; on huge pages where it is large and the system has
/// them (a table is read at random, and most of the time would go into finding pages).
class ZeroedMemory {
  public:
    ZeroedMemory() = default;
    /// Throws std::bad_alloc where there is not enough memory.
    explicit ZeroedMemory(size_t bytes);
    ~ZeroedMemory();
    ZeroedMemory(ZeroedMemory&& other) noexcept { swap(other); }
    ZeroedMemory& operator=(ZeroedMemory&& other) noexcept {
        swap(other);
        return *this;
    }
    ZeroedMemory(const ZeroedMemory&) = delete;
    ZeroedMemory& operator=(const ZeroedMemory&) = delete;

    void* start() const { return start_; }

  private:
    void swap(ZeroedMemory& other) {
        std::swap(start_, other.start_);
        std::swap(mapped_, other.mapped_);
        std::swap(mapped_bytes_, other.mapped_bytes_);
    }

    void* start_ = nullptr;
    void* mapped_ = nullptr;  // what to unmap; none: what to free is `start_`
    size_t mapped_bytes_ = 0;
};

/// An array of `size` zeros of a plain type.
template <typename T>
class Zeroed {
  public:
    Zeroed() = default;
    explicit Zeroed(size_t size) : memory_(size * sizeof(T)), size_(size) {}
    /// A copy, with zeros behind it up to `size`, which is no less than the other's.
    Zeroed(const Zeroed& other, size_t size) : Zeroed(size) {
        if (other.size_ > 0) std::memcpy(data(), other.data(), other.size_ * sizeof(T));
    }
    Zeroed(const Zeroed& other) : Zeroed(other, other.size_) {}
    Zeroed& operator=(const Zeroed&) = delete;
    Zeroed(Zeroed&&) noexcept = default;
    Zeroed& operator=(Zeroed&&) noexcept = default;

    T* data() { return static_cast<T*>(memory_.start()); }
    const T* data() const { return static_cast<const T*>(memory_.start()); }
    size_t size() const { return size_; }
    T& operator[](size_t index) { return data()[index]; }
    const T& operator[](size_t index) const { return data()[index]; }

  private:
    ZeroedMemory memory_;
    size_t size_ = 0;
};

}  // namespace seqcoder
