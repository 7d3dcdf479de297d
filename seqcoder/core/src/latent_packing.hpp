// Window types as bytes: runs, entropy coded. A gene of a kilobase costs about eight bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace seqcoder {

/// The bytes of `windows` types, each below 7.
std::vector<std::uint8_t> pack_types(const std::uint8_t* types, std::size_t windows);

/// Write the types that `pack_types` gave these bytes for. False, with anything below 7 in `types`,
/// if it gave no such bytes. At most `size` + 4 bytes are asked for, none beyond `size` is read.
bool unpack_types(const std::uint8_t* data, std::size_t size, std::size_t windows,
                  std::uint8_t* types);

}  // namespace seqcoder
