// The levels that mix, whole chunks at a time or going on.
#pragma once

#include <memory>
#include <vector>

#include "library.hpp"

namespace seqcoder {

class MixingState;

/// What a coder must know of a chunk.
struct Chunk {
    int level;                            // 2 or 3
    size_t bases;                         // below 2^31, with those of the leader
    const u8* classes;                    // null: none
    size_t n_classes;                     // at most `bases`; those behind them are 0
    const Library* library;               // null: none; read along the classes only
    const MixingState* leader = nullptr;  // what is gone on from: of this level and library, with
                                          // classes if this has some; null: nothing
    const Library* genes = nullptr;       // a leader's, beside the library; null: none
};

/// What a coder has learnt from a chunk; never changes, so that any number of coders may go on from
/// it (each with a copy).
class MixingState {
  public:
    /// Of a chunk that has no leader; the library must outlive the state.
    static std::unique_ptr<MixingState> learn(const Chunk& chunk, const u8* bases);
    virtual ~MixingState() = default;

    virtual int level() const = 0;
    virtual bool classed() const = 0;
    virtual size_t bases() const = 0;
    /// Whether it was learnt along a library.
    virtual bool has_library(const Library* library) const = 0;
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
    /// What was learnt from the chunk, once it is read to its end; nothing more may be asked
    /// thereafter.
    virtual std::unique_ptr<MixingState> take_state() = 0;
};

/// Bytes a coder of a chunk takes for tables and buffers, at the most.
size_t mixing_memory(int level, size_t bases);

}  // namespace seqcoder
