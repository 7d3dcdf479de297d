// Large blocks are kept for the next execution. The sanitizer's own allocator maps and unmaps each
// of them, which would be most of the time of a target that takes tables. As with it, what lies
// before and behind a block and a block given back must not be touched.
#pragma once

#include <sanitizer/asan_interface.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace pool {

constexpr std::size_t EDGE = 64, LARGE = 1 << 16, KINDS = 64, KEPT = 4;

/// Blocks of one size that were given back.
struct Kind {
    std::size_t size, count;
    void* blocks[KEPT];
};
inline Kind kinds[KINDS];

/// What lies in the edge before a block.
struct Head {
    void* mapped;
    Kind* kind;  // null: of the sanitizer's allocator
};

inline Head* head_of(void* block) {
    auto* edge = static_cast<char*>(block) - EDGE;
    __asan_unpoison_memory_region(edge, EDGE);
    return reinterpret_cast<Head*>(edge);
}

inline void* take(std::size_t size) {
    const std::size_t whole = (size + EDGE - 1) / EDGE * EDGE;
    Kind* kind = nullptr;
    for (std::size_t k = 0; k < KINDS && size >= LARGE && kind == nullptr; ++k)
        if (kinds[k].size == whole || kinds[k].size == 0) kind = &kinds[k];
    void* block = nullptr;
    if (kind != nullptr && kind->count > 0) {
        block = kind->blocks[--kind->count];
        __asan_unpoison_memory_region(block, whole);
    } else {
        auto* mapped = static_cast<char*>(std::aligned_alloc(EDGE, EDGE + whole + EDGE));
        if (mapped == nullptr) throw std::bad_alloc();
        block = mapped + EDGE;
        if (kind != nullptr) kind->size = whole;
        *head_of(block) = {mapped, kind};
    }
    __asan_poison_memory_region(static_cast<char*>(block) - EDGE, EDGE);
    __asan_poison_memory_region(static_cast<char*>(block) + size, whole + EDGE - size);
    return block;
}

inline void give_back(void* block) {
    if (block == nullptr) return;
    const Head head = *head_of(block);
    if (head.kind == nullptr || head.kind->count == KEPT) {
        std::free(head.mapped);
        return;
    }
    __asan_poison_memory_region(static_cast<char*>(block) - EDGE, EDGE + head.kind->size + EDGE);
    head.kind->blocks[head.kind->count++] = block;
}

}  // namespace pool

void* operator new(std::size_t size) { return pool::take(size); }
void* operator new(std::size_t size, std::align_val_t) { return pool::take(size); }
void operator delete(void* block) noexcept { pool::give_back(block); }
void operator delete(void* block, std::size_t) noexcept { pool::give_back(block); }
void operator delete(void* block, std::align_val_t) noexcept { pool::give_back(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    pool::give_back(block);
}
