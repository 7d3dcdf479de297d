#include "arrays.hpp"
#include "bindings.hpp"
#include "latent_packing.hpp"
#include "open_frames.hpp"
#include "phase_model.hpp"
#include "type_path.hpp"
#include "windows.hpp"

namespace seqcoder {
namespace {

nb::bytes pack(In<std::uint8_t> types) {
    std::vector<std::uint8_t> packed;
    {
        nb::gil_scoped_release release;
        for (std::size_t w = 0; w < types.size(); ++w) {
            if (types.data()[w] >= kTypes) throw nb::value_error("types: 7 or more");
        }
        packed = pack_types(types.data(), types.size());
    }
    return nb::bytes(packed.data(), packed.size());
}

ChangeCosts change_costs(std::int32_t into_gene, std::int32_t into_other) {
    require(into_gene >= 0 && into_gene <= kDearest && into_other >= 0 && into_other <= kDearest,
            "a change of types costs 0 to 2^24");
    return {into_gene, into_other};
}

void path(In<std::int32_t, 2> window_costs, std::int32_t into_gene, std::int32_t into_other,
          Out<std::uint8_t> types) {
    require(window_costs.shape(1) == 8, "window_costs: eight columns");
    require(types.size() == window_costs.shape(0), "types: wrong size");
    const ChangeCosts changes = change_costs(into_gene, into_other);
    nb::gil_scoped_release release;
    TypePath path(types.size(), changes);
    for (std::size_t w = 0; w < types.size(); ++w) {
        TypeCosts costs{};
        for (unsigned t = 0; t < kTypes; ++t) {
            costs[t] = window_costs.data()[8 * w + t];
            if (costs[t] < 0 || costs[t] > kDearest) throw nb::value_error("costs are 0 to 2^24");
        }
        path.step(costs);
    }
    path.finish(types.data());
}

}  // namespace

void bind_latent(nb::module_& module) {
    define(module, "decode_classes", [](In<std::int8_t> latents, Out<std::uint8_t> classes) {
        nb::gil_scoped_release release;
        decode_classes(latents.data(), latents.size(), classes.size(), classes.data());
    });
    define(module, "open_frame_types", [](In<std::uint8_t> bases, Out<std::uint8_t> types) {
        require(bases.size() < kMostBases, "bases: 2^30 or more");
        require(types.size() == count_windows(bases.size()), "types: wrong size");
        nb::gil_scoped_release release;
        open_frame_types(bases.data(), bases.size(), types.data());
    });
    define(module, "count_words",
           [](In<std::uint8_t> bases, In<std::uint8_t> types, Out<std::uint32_t, 2> counts) {
               require(bases.size() < kMostBases, "bases: 2^30 or more");
               require(types.size() == count_windows(bases.size()), "types: wrong size");
               require(counts.shape(0) == kWords && counts.shape(1) == kRow,
                       "counts: not (4096, 8)");
               nb::gil_scoped_release release;
               count_words(bases.data(), bases.size(), types.data(), counts.data());
           });
    define(module, "word_costs",
           [](In<std::uint32_t, 2> counts, unsigned prior, Out<std::uint16_t, 2> costs) {
               require(prior >= 1 && prior <= 255, "prior: not 1 to 255");
               require(counts.shape(0) == kWords && counts.shape(1) == kRow,
                       "counts: not (4096, 8)");
               require(costs.shape(0) == kWords && costs.shape(1) == kRow, "costs: not (4096, 8)");
               nb::gil_scoped_release release;
               word_costs(counts.data(), prior, costs.data());
           });
    define(module, "cheapest_types",
           [](In<std::uint8_t> bases, In<std::uint16_t, 2> costs, std::int32_t into_gene,
              std::int32_t into_other, Out<std::uint8_t> types) {
               require(costs.shape(0) == kWords && costs.shape(1) == kRow, "costs: not (4096, 8)");
               require(types.size() == count_windows(bases.size()), "types: wrong size");
               const ChangeCosts changes = change_costs(into_gene, into_other);
               nb::gil_scoped_release release;
               cheapest_types(bases.data(), bases.size(), costs.data(), changes, types.data());
           });
    define(module, "cheapest_path", &path);
    define(module, "pack_types", &pack);
    define(module, "unpack_types", [](In<std::uint8_t> data, Out<std::uint8_t> types) {
        nb::gil_scoped_release release;
        return unpack_types(data.data(), data.size(), types.size(), types.data());
    });
}

}  // namespace seqcoder
