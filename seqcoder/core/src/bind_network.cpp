#include <nanobind/stl/optional.h>

#include <algorithm>
#include <optional>

#include "arrays.hpp"
#include "bindings.hpp"
#include "integer_layer.hpp"

namespace seqcoder {
namespace {

constexpr std::size_t kMostChannels = 1024;

void layer(In<std::int8_t, 2> input, In<std::int8_t> weights, In<std::int32_t> bias,
           In<std::uint8_t> shifts, std::optional<In<std::int8_t, 2>> residual,
           Out<std::int8_t, 2> output, std::size_t kernel, std::size_t stride, std::size_t dilation,
           std::size_t padding, bool depthwise, bool relu) {
    const LayerShape shape{input.shape(1), output.shape(1), kernel,    stride,
                           dilation,       padding,         depthwise, relu};
    require(shape.inputs <= kMostChannels && shape.outputs <= kMostChannels, "too many channels");
    require(kernel <= 64 && dilation <= 64 && padding <= 4096, "kernel, dilation: at most 64");
    require(stride >= 1 && output.shape(0) == input.shape(0) / stride, "output: wrong length");
    // 2^15 products of at most 2^14 and a bias of 2^24 stay below 2^30, whatever the weights.
    require(kernel * shape.inputs <= std::size_t{1} << 15, "weights: too many for one output");
    require(std::all_of(bias.data(), bias.data() + bias.size(),
                        [](std::int32_t b) { return b > -(1 << 24) && b < 1 << 24; }),
            "bias: 2^24 or more");
    require(!depthwise || shape.inputs == shape.outputs, "depthwise: as many outputs as inputs");
    require(weights.size() == kernel * shape.outputs * (depthwise ? 1 : shape.inputs),
            "weights: wrong size");
    require(bias.size() == shape.outputs && shifts.size() == shape.outputs, "bias, shifts: size");
    require(std::all_of(shifts.data(), shifts.data() + shifts.size(),
                        [](std::uint8_t shift) { return shift < 24; }),
            "shifts: 24 or more");
    require(!residual ||
                (residual->shape(0) == output.shape(0) && residual->shape(1) == output.shape(1)),
            "residual: not as the output");
    nb::gil_scoped_release release;
    run_layer(shape, {weights.data(), bias.data(), shifts.data()}, input.data(), input.shape(0),
              residual ? residual->data() : nullptr, output.data());
}

}  // namespace

void bind_network(nb::module_& module) {
    const auto array = [](const char* name) { return nb::arg(name).noconvert(); };
    module.def("run_layer", &layer, array("input"), array("weights"), array("bias"),
               array("shifts"), array("residual").none(), array("output"), nb::kw_only(),
               nb::arg("kernel"), nb::arg("stride"), nb::arg("dilation"), nb::arg("padding"),
               nb::arg("depthwise"), nb::arg("relu"));
}

}  // namespace seqcoder
