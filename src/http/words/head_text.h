// Writes heads: all parts of a line in one step, since every request needs heads. With g++ 12,
// resize_and_overwrite() passes its operation the whole room, which may be more than was asked for.
// Plain functions; safe from any thread.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace metergate::http {

inline char* put(char* at, std::string_view part) {
  std::char_traits<char>::copy(at, part.data(), part.size());
  return at + part.size();
}

inline void append_all(std::string& out, std::initializer_list<std::string_view> parts) {
  const std::size_t begin = out.size();
  std::size_t end = begin;
  for (const std::string_view part : parts) end += part.size();
  out.resize_and_overwrite(end, [&](char* bytes, std::size_t) {
    char* at = bytes + begin;
    for (const std::string_view part : parts) at = put(at, part);
    return end;
  });
}

inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t begin = out.size();
  const std::size_t end = begin + name.size() + value.size() + std::string_view{": \r\n"}.size();
  out.resize_and_overwrite(end, [&](char* bytes, std::size_t) {
    char* at = put(bytes + begin, name);
    *at++ = ':';
    *at++ = ' ';
    at = put(at, value);
    *at++ = '\r';
    *at++ = '\n';
    return end;
  });
}

}  // namespace metergate::http
