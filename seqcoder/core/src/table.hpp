// Large tables that are read here and there: in huge pages where the system has them, since most
// of what such a read costs is finding the page.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace seqcoder {

/// `size` zeros.
template <typename T>
class Table {
  public:
    explicit Table(std::size_t size) : size_(size) {
        constexpr std::size_t page = std::size_t{1} << 21;
        const std::size_t bytes = (size * sizeof(T) + page - 1) / page * page;
        if (bytes <= page) {
            data_.reset(static_cast<T*>(std::calloc(size, sizeof(T))));
        } else {
            data_.reset(static_cast<T*>(std::aligned_alloc(page, bytes)));
        }
        if (!data_) throw std::bad_alloc();
        if (bytes > page) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
            madvise(data_.get(), bytes, MADV_HUGEPAGE);  // a hint: it may fail
#endif
            std::memset(data_.get(), 0, bytes);
        }
    }
    T& operator[](std::size_t at) { return data_.get()[at]; }
    const T& operator[](std::size_t at) const { return data_.get()[at]; }
    std::size_t size() const { return size_; }

  private:
    struct Free {
        void operator()(T* data) const { std::free(data); }
    };
    std::size_t size_;
    std::unique_ptr<T, Free> data_;
};

}  // namespace seqcoder
