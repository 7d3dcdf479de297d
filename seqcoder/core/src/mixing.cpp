#include "mixing.hpp"

#include <cmath>

#include "coder.hpp"

namespace seqcoder {

namespace {

template <typename Mixture>
class State final : public MixingState {
  public:
    State(int level, std::unique_ptr<const MixingCoder<Mixture>> coder)
        : level_(level), coder_(std::move(coder)) {}

    int level() const override { return level_; }
    bool classed() const override { return Mixture::classed; }
    size_t bases() const override { return coder_->total(); }
    bool has_library(const Library* library) const override {
        return library == nullptr ? !coder_->has_library() : &coder_->library() == library;
    }
    const MixingCoder<Mixture>& coder() const { return *coder_; }

  private:
    int level_;
    std::unique_ptr<const MixingCoder<Mixture>> coder_;
};

/// A coder at the start of a chunk.
template <typename Mixture>
std::unique_ptr<MixingCoder<Mixture>> begin(const Chunk& chunk) {
    using Coder = MixingCoder<Mixture>;
    if (chunk.leader == nullptr)
        return std::make_unique<Coder>(chunk.bases, chunk.classes, chunk.n_classes, chunk.library,
                                       chunk.genes);
    const auto& leader = static_cast<const State<Mixture>&>(*chunk.leader).coder();
    return std::make_unique<Coder>(leader, chunk.bases, chunk.classes, chunk.n_classes,
                                   chunk.genes);
}

template <typename Mixture>
class Decoder final : public MixingDecoder {
  public:
    Decoder(const Chunk& chunk, const u8* payload, size_t size)
        : level_(chunk.level), coder_(begin<Mixture>(chunk)), decoder_(payload, size) {}

    void read(u8* bases, size_t count) override { coder_->decode(bases, count, decoder_); }
    size_t done() const override { return coder_->done(); }
    std::unique_ptr<MixingState> take_state() override {
        return std::make_unique<State<Mixture>>(level_, std::move(coder_));
    }

    // The range is 2^64 divided by the product of the probabilities so far, but for rounding.
    double bits() const override {
        return 8.0 * static_cast<double>(decoder_.taken()) -
               std::log2(static_cast<double>(decoder_.range()));
    }

  private:
    int level_;
    std::unique_ptr<MixingCoder<Mixture>> coder_;
    RangeDecoder decoder_;
};

template <typename Mixture>
std::vector<u8> encode(const Chunk& chunk, const u8* bases) {
    const auto coder = begin<Mixture>(chunk);
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

std::unique_ptr<MixingState> MixingState::learn(const Chunk& chunk, const u8* bases) {
    return with_mixture(chunk.level, chunk.classes != nullptr,
                        [&](auto mixture) -> std::unique_ptr<MixingState> {
                            using Mixture = decltype(mixture);
                            auto coder = begin<Mixture>(chunk);
                            coder->read(bases, chunk.bases);
                            return std::make_unique<State<Mixture>>(chunk.level, std::move(coder));
                        });
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
