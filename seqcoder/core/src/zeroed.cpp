#include "zeroed.hpp"

#include <sys/mman.h>

#include <new>

namespace seqcoder {

static constexpr size_t LINE = 64;
static constexpr size_t HUGE_PAGE = size_t{2} << 20;
static constexpr size_t MOST = size_t{1} << 46;  // far beyond any machine; sums do not overflow

ZeroedMemory::ZeroedMemory(size_t bytes) {
    if (bytes > MOST) throw std::bad_alloc();
    if (bytes < HUGE_PAGE) {
        start_ = ::operator new(bytes, std::align_val_t{LINE});
        std::memset(start_, 0, bytes);
        return;
    }
    // One huge page more than is needed, so that the start can lie on one.
    const size_t room = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void* mapped =
        mmap(nullptr, room + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    mapped_ = mapped;
    mapped_bytes_ = room + HUGE_PAGE;
    const auto address = reinterpret_cast<std::uintptr_t>(mapped);
    start_ = reinterpret_cast<void*>((address + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
#if defined(MADV_HUGEPAGE)
    (void)madvise(start_, room, MADV_HUGEPAGE);  // without huge pages it is slower, no more
#endif
}

ZeroedMemory::~ZeroedMemory() {
    if (mapped_ != nullptr) {
        munmap(mapped_, mapped_bytes_);
    } else {
        ::operator delete(start_, std::align_val_t{LINE});
    }
}

}  // namespace seqcoder
