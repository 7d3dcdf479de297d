// One layer of the encoder network in integers (docs/explanation/integers.md).
//
// Activations and weights are int8 within -127..127. Whoever makes a layer sees to it
// (seqcoder/latent/network.py) that for every output channel 127 times the sum of its weights'
// magnitudes and the bias's stay below 2^24: then all partial sums do, in whatever order, in int32
// and in float32.
#pragma once

#include <cstddef>
#include <cstdint>

namespace seqcoder {

/// How a layer reads its input: output p sees inputs p * stride - padding + k * dilation for k
/// below `kernel`, zeros where there are none.
struct LayerShape {
    std::size_t inputs;   // channels
    std::size_t outputs;  // channels; as many as inputs where `depthwise`
    std::size_t kernel;
    std::size_t stride;
    std::size_t dilation;
    std::size_t padding;
    bool depthwise;  // every channel by itself
    bool relu;
};

/// What a layer has learned: weights (kernel, inputs, outputs), or (kernel, channels) of a
/// depthwise one; and by output channel a bias, which holds the half that rounding adds, and a
/// right shift of 0 to 23.
struct LayerWeights {
    const std::int8_t* weights;
    const std::int32_t* bias;
    const std::uint8_t* shifts;
};

/// Compute `length` / `stride` positions of output from `length` of input, both position by
/// position. `residual` (as the output, or null) is added after the shift; then values are clamped
/// to -127..127, or 0..127 with `relu`.
void run_layer(const LayerShape& shape, const LayerWeights& layer, const std::int8_t* input,
               std::size_t length, const std::int8_t* residual, std::int8_t* output);

}  // namespace seqcoder
