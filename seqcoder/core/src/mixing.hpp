// The levels that mix, whole chunks at a time or going on.
#pragma once

#include <memory>
#include <vector>

#include "library.hpp"

namespace seqcoder {

/// What a coder must know of a chunk.
struct Chunk {
    int level;               // 2 or 3
    size_t bases;            // below 2^31
    const u8* classes;       // null: none
    size_t n_classes;        // at most `bases`; those behind them are 0
    const Library* library;  // null: none; read along the classes only
};

/// Code a chunk's bases (their low two bits count).
std::vector<u8> encode_mixing(const Chunk& chunk, const u8* bases);

/// Decodes a chunk from its start, as far as is wanted, and goes on from there.
class MixingDecoder {
  public:
    /// `payload` and classes are copied; the library must outlive the decoder. Any bytes decode.
    static std::unique_ptr<MixingDecoder> open(const Chunk& chunk, const u8* payload, size_t size);
    virtual ~MixingDecoder() = default;

    /// Decode `count` more bases; `done() + count` is at most the chunk's bases.
    virtual void read(u8* bases, size_t count) = 0;
    virtual size_t done() const = 0;
    /// Bits that the bases so far took.
    virtual double bits() const = 0;
};

/// Bytes a coder of a chunk takes for tables and buffers, at the most.
size_t mixing_memory(int level, size_t bases);

}  // namespace seqcoder
