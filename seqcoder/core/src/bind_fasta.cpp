#include <nanobind/stl/pair.h>

#include "bindings.hpp"
#include "letters.hpp"
#include "results.hpp"

namespace seqcoder {

/// A bytes object of `size` bytes that `fill(out)` writes, without the interpreter's lock.
template <typename Fill>
static nb::bytes make_bytes(std::size_t size, Fill fill) {
    PyObject* made = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
    if (!made) nb::raise_python_error();
    auto* out = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(made));
    {
        nb::gil_scoped_release release;
        fill(out);
    }
    return nb::steal<nb::bytes>(made);
}

void bind_fasta(nb::module_& module) {
    define(module, "find_line_ends", [](In<std::uint8_t> data) {
        std::vector<std::int64_t> ends;
        {
            nb::gil_scoped_release release;
            ends = find_line_ends(as_span(data));
        }
        return to_array(std::move(ends));
    });
    define(module, "drop_carriage_returns", [](In<std::uint8_t> text) {
        return make_bytes(size_without_returns(as_span(text)),
                          [&](std::uint8_t* out) { drop_returns(as_span(text), out); });
    });
    define(module, "add_carriage_returns", [](In<std::uint8_t> text) {
        return make_bytes(size_with_returns(as_span(text)),
                          [&](std::uint8_t* out) { add_returns(as_span(text), out); });
    });
    define(module, "take_bases", [](In<std::uint8_t> text, bool rna, Out<std::uint8_t> out) {
        require(out.size() >= text.size(), "out: too short");
        nb::gil_scoped_release release;
        const Letters letters = take_bases(as_span(text), rna, out.data());
        return std::pair(letters.n_bases, letters.lower);
    });
    define(module, "write_letters", [](In<std::uint8_t> bases, bool rna) {
        return make_bytes(bases.size(),
                          [&](std::uint8_t* out) { write_letters(as_span(bases), rna, out); });
    });
    define(module, "wrap_lines", [](In<std::uint8_t> residues, std::size_t width) {
        require(width > 0, "width: not positive");
        return make_bytes(wrapped_size(residues.size(), width),
                          [&](std::uint8_t* out) { wrap_lines(as_span(residues), width, out); });
    });
}

}  // namespace seqcoder
