#include "mixing.hpp"

#include <cmath>

#include "coder.hpp"

namespace seqcoder {

namespace {

template <typename Mixture>
class Decoder final : public MixingDecoder {
  public:
    Decoder(const Chunk& chunk, const u8* payload, size_t size)
        : coder_(chunk.bases, chunk.classes, chunk.n_classes, chunk.library),
          decoder_(payload, size) {}

    void read(u8* bases, size_t count) override { coder_.decode(bases, count, decoder_); }
    size_t done() const override { return coder_.done(); }

    // The range is 2^64 divided by the product of the probabilities so far, but for rounding.
    double bits() const override {
        return 8.0 * static_cast<double>(decoder_.taken()) -
               std::log2(static_cast<double>(decoder_.range()));
    }

  private:
    MixingCoder<Mixture> coder_;
    RangeDecoder decoder_;
};

template <typename Mixture>
std::vector<u8> encode(const Chunk& chunk, const u8* bases) {
    const auto coder = std::make_unique<MixingCoder<Mixture>>(chunk.bases, chunk.classes,
                                                              chunk.n_classes, chunk.library);
    RangeEncoder encoder;
    encoder.reserve(0);
    coder->encode(bases, chunk.bases, encoder);
    return encoder.finish();
}

/// Call `use` with the mixture of a level, for a chunk with classes or without.
template <typename Use>
auto with_mixture(int level, bool classed, Use use) {
    if (level == 2) return classed ? use(Level2Classed{}) : use(Level2Plain{});
    return classed ? use(Level3Classed{}) : use(Level3Plain{});
}

}  // namespace

std::vector<u8> encode_mixing(const Chunk& chunk, const u8* bases) {
    return with_mixture(chunk.level, chunk.classes != nullptr,
                        [&](auto mixture) { return encode<decltype(mixture)>(chunk, bases); });
}

std::unique_ptr<MixingDecoder> MixingDecoder::open(const Chunk& chunk, const u8* payload,
                                                   size_t size) {
    return with_mixture(
        chunk.level, chunk.classes != nullptr, [&](auto mixture) -> std::unique_ptr<MixingDecoder> {
            return std::make_unique<Decoder<decltype(mixture)>>(chunk, payload, size);
        });
}

size_t mixing_memory(int level, size_t bases) {
    const auto of = [&](auto mixture) { return MixingCoder<decltype(mixture)>::memory(bases); };
    return std::max(with_mixture(level, true, of), with_mixture(level, false, of));
}

}  // namespace seqcoder
