#include <nanobind/stl/optional.h>
#include <nanobind/stl/unique_ptr.h>

#include <mutex>
#include <optional>

#include "arrays.hpp"
#include "bindings.hpp"
#include "library_reader.hpp"
#include "mixing.hpp"

namespace seqcoder {

namespace {

using Bytes = In<u8>;
using MaybeBytes = std::optional<Bytes>;

std::unique_ptr<Library> make_library(Bytes residues, std::optional<In<u32>> counts) {
    require(residues.size() <= Library::MOST_RESIDUES, "residues: too many");
    require(!counts || counts->size() == LIBRARY_TABLES * LIBRARY_CONTEXTS, "counts: wrong size");
    nb::gil_scoped_release release;
    return std::make_unique<Library>(residues.data(), residues.size(),
                                     counts ? counts->data() : nullptr);
}

/// The same of a text that is kept as it is, but for its margins.
std::unique_ptr<Library> make_library_over(Out<u8> text, std::optional<In<u32>> counts) {
    constexpr size_t margins = 2 * WINDOW + READ_AHEAD;
    require(text.size() >= margins, "text: smaller than its margins");
    require(text.size() - margins <= Library::MOST_RESIDUES, "text: too many residues");
    require(!counts || counts->size() == LIBRARY_TABLES * LIBRARY_CONTEXTS, "counts: wrong size");
    nb::gil_scoped_release release;
    return std::make_unique<Library>(
        Library::over(text.data(), text.size() - margins, counts ? counts->data() : nullptr));
}

using Residues = nb::ndarray<nb::numpy, const u8, nb::ndim<1>>;

/// What a library says of every base: two context numbers each, and how sure it is.
void trace_library(const Library& library, Bytes bases, Bytes classes, Out<u16, 2> contexts,
                   Out<u8> confidence) {
    const size_t n = bases.size();
    require(classes.size() == n, "classes: not one a base");
    require(contexts.shape(0) == 2 && contexts.shape(1) == n, "contexts: wrong shape");
    require(confidence.size() == n, "confidence: wrong size");
    nb::gil_scoped_release release;
    LibraryReader reader(library);
    u64 forward = 0;
    for (size_t i = 0; i < n; ++i) {
        reader.step(classes.data()[i] & 15, forward, -1);
        contexts.data()[i] = static_cast<u16>(reader.context(0));
        contexts.data()[n + i] = static_cast<u16>(reader.context(1));
        confidence.data()[i] = static_cast<u8>(reader.confidence());
        forward = forward << 2 | (bases.data()[i] & 3);
    }
}

Chunk checked_chunk(int level, size_t bases, const MaybeBytes& classes, const Library* library,
                    const MixingState* leader, const Library* genes) {
    constexpr size_t limit = size_t{1} << 31;
    require(level == 2 || level == 3, "level: 2 or 3");
    require(bases < limit, "bases: too many for a chunk");
    require(!classes || classes->size() <= bases, "classes: more than bases");
    require(genes == nullptr || library != nullptr, "genes: no library beside them");
    if (leader != nullptr) {
        require(leader->level() == level, "leader: of another level");
        require(leader->classed() == classes.has_value(), "leader: classes in one of both only");
        require(leader->has_library(library), "leader: of another library");
        require(bases < limit - leader->bases(), "bases: too many with those of the leader");
    }
    return {.level = level,
            .bases = bases,
            .classes = classes ? classes->data() : nullptr,
            .n_classes = classes ? classes->size() : 0,
            .library = library,
            .leader = leader,
            .genes = genes};
}

std::unique_ptr<MixingState> learn(int level, Bytes bases, MaybeBytes classes,
                                   const Library* library) {
    const Chunk chunk = checked_chunk(level, bases.size(), classes, library, nullptr, nullptr);
    nb::gil_scoped_release release;
    return MixingState::learn(chunk, bases.data());
}

nb::bytes encode(int level, Bytes bases, MaybeBytes classes, const Library* library,
                 const MixingState* leader, const Library* genes) {
    const Chunk chunk = checked_chunk(level, bases.size(), classes, library, leader, genes);
    std::vector<u8> payload;
    {
        nb::gil_scoped_release release;
        payload = encode_mixing(chunk, bases.data());
    }
    return nb::bytes(payload.data(), payload.size());
}

/// A decoder that one thread uses at a time; a second one waits.
class PythonDecoder {
  public:
    PythonDecoder(int level, Bytes payload, size_t n, MaybeBytes classes, const Library* library,
                  const MixingState* leader, const Library* genes)
        : n_(n) {
        const Chunk chunk = checked_chunk(level, n, classes, library, leader, genes);
        nb::gil_scoped_release release;
        decoder_ = MixingDecoder::open(chunk, payload.data(), payload.size());
    }

    void read(Out<u8> bases) {
        nb::gil_scoped_release release;
        const std::lock_guard lock(mutex_);
        require(bases.size() <= left(), "bases: more than are left");
        decoder_->read(bases.data(), bases.size());
    }

    void read_costs(Out<u8> bases, size_t step, Out<double> bits) {
        require(step > 0, "step: must be positive");
        require(bits.size() == (bases.size() + step - 1) / step, "bits: wrong size");
        nb::gil_scoped_release release;
        const std::lock_guard lock(mutex_);
        require(bases.size() <= left(), "bases: more than are left");
        double before = decoder_->bits();
        for (size_t k = 0; k < bits.size(); ++k) {
            const size_t start = k * step;
            decoder_->read(bases.data() + start, std::min(step, bases.size() - start));
            const double after = decoder_->bits();
            bits.data()[k] = after - before;
            before = after;
        }
    }

    size_t done() {
        nb::gil_scoped_release release;
        const std::lock_guard lock(mutex_);
        return n_ - left();
    }

    std::unique_ptr<MixingState> take_state() {
        nb::gil_scoped_release release;
        const std::lock_guard lock(mutex_);
        require(decoder_ != nullptr && left() == 0, "bases: some are left, or the state is taken");
        auto state = decoder_->take_state();
        decoder_.reset();
        return state;
    }

  private:
    size_t left() const { return decoder_ == nullptr ? 0 : n_ - decoder_->done(); }

    size_t n_;
    std::unique_ptr<MixingDecoder> decoder_;
    std::mutex mutex_;
};

}  // namespace

void bind_mixing(nb::module_& module) {
    // An array of another dtype is refused, not copied: what is written would go into the copy.
    const auto array = [](const char* name) { return nb::arg(name).noconvert(); };
    nb::class_<Library>(module, "Library")
        .def(nb::new_(&make_library), array("residues"), array("counts").none())
        .def_prop_ro("memory", &Library::memory)
        .def_prop_ro(
            "residues",
            [](const Library& library) {
                return Residues(library.residues() + WINDOW, {library.inner_size()});
            },
            nb::rv_policy::reference_internal);
    module.attr("LIBRARY_FRONT") = WINDOW;
    module.attr("LIBRARY_BACK") = WINDOW + READ_AHEAD;
    module.def("library_over", &make_library_over, array("text"), array("counts").none(),
               nb::keep_alive<0, 1>());
    module.def("trace_library", &trace_library, nb::arg("library"), array("bases"),
               array("classes"), array("contexts"), array("confidence"));
    nb::class_<MixingState>(module, "MixingState").def_prop_ro("bases", &MixingState::bases);
    module.def("learn_mixing", &learn, nb::arg("level"), array("bases"), array("classes").none(),
               nb::arg("library").none(), nb::keep_alive<0, 4>());
    module.def("encode_mixing", &encode, nb::arg("level"), array("bases"), array("classes").none(),
               nb::arg("library").none(), nb::arg("leader").none() = nb::none(),
               nb::arg("genes").none() = nb::none());
    define(module, "mixing_memory", [](int level, size_t bases) {
        require(level == 2 || level == 3, "level: 2 or 3");
        return mixing_memory(level, bases);
    });
    nb::class_<PythonDecoder>(module, "MixingDecoder")
        .def(nb::init<int, Bytes, size_t, MaybeBytes, const Library*, const MixingState*,
                      const Library*>(),
             nb::arg("level"), array("payload"), nb::arg("n"), array("classes").none(),
             nb::arg("library").none(), nb::arg("leader").none() = nb::none(),
             nb::arg("genes").none() = nb::none(), nb::keep_alive<1, 6>(), nb::keep_alive<1, 8>())
        .def("take_state", &PythonDecoder::take_state, nb::keep_alive<0, 1>())
        .def("read", &PythonDecoder::read, array("bases"))
        .def("read_costs", &PythonDecoder::read_costs, array("bases"), nb::arg("step"),
             array("bits"))
        .def_prop_ro("done", &PythonDecoder::done);
}

}  // namespace seqcoder
