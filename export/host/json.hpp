// Reads JSON (RFC 8259) into a tree: enough for manifest.json and tokenizer.json, without a library.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

struct Json {
  using List = std::vector<Json>;
  using Object = std::map<std::string, Json>;
  std::variant<std::nullptr_t, bool, double, std::string, List, Object> value = nullptr;

  bool null() const { return std::holds_alternative<std::nullptr_t>(value); }
  bool truth() const { return std::holds_alternative<bool>(value) && std::get<bool>(value); }
  int64_t integer() const { return static_cast<int64_t>(std::get<double>(value)); }
  const std::string& text() const { return std::get<std::string>(value); }
  const List& list() const { return std::get<List>(value); }
  const Object& object() const { return std::get<Object>(value); }

  // A member of an object; null where there is none.
  const Json& operator[](const std::string& key) const {
    static const Json nothing;
    if (!std::holds_alternative<Object>(value)) return nothing;
    auto found = object().find(key);
    return found == object().end() ? nothing : found->second;
  }
};

// Appends a code point as UTF-8.
inline void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
  } else if (c < 0x10000) {
    out += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
            static_cast<char>(0x80 | (c & 63))};
  } else {
    out += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
            static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
  }
}

class JsonReader {
 public:
  static Json read(const std::string& text) {
    JsonReader reader(text);
    Json found = reader.any();
    reader.space();
    if (reader.at_ != text.size()) reader.fail();
    return found;
  }

 private:
  explicit JsonReader(const std::string& text) : text_(text) {}

  [[noreturn]] void fail() const { throw std::runtime_error("damaged JSON at byte " + std::to_string(at_)); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void space() { while (at_ < text_.size() && std::string(" \t\r\n").find(text_[at_]) != std::string::npos) ++at_; }
  bool take(char c) { space(); return peek() == c ? (++at_, true) : false; }
  void need(char c) { if (!take(c)) fail(); }
  bool word(const char* w) {
    std::string name(w);
    return text_.compare(at_, name.size(), name) == 0 ? (at_ += name.size(), true) : false;
  }

  Json any() {
    space();
    switch (peek()) {
      case '{': return {object()};
      case '[': return {list()};
      case '"': return {string()};
      case 't': if (word("true")) return {true}; fail();
      case 'f': if (word("false")) return {false}; fail();
      case 'n': if (word("null")) return {nullptr}; fail();
      default: return {number()};
    }
  }

  Json::Object object() {
    Json::Object found;
    need('{');
    if (take('}')) return found;
    do {
      space();
      std::string key = string();
      need(':');
      found[key] = any();
    } while (take(','));
    need('}');
    return found;
  }

  Json::List list() {
    Json::List found;
    need('[');
    if (take(']')) return found;
    do found.push_back(any());
    while (take(','));
    need(']');
    return found;
  }

  double number() {
    const char* start = text_.c_str() + at_;
    char* end = nullptr;
    double found = std::strtod(start, &end);
    if (end == start) fail();
    at_ += end - start;
    return found;
  }

  std::string string() {
    std::string found;
    need('"');
    while (peek() != '"') {
      if (at_ >= text_.size()) fail();
      if (peek() != '\\') {
        found += text_[at_++];
        continue;
      }
      ++at_;
      static const std::string names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
      char c = peek();
      ++at_;
      if (c == 'u') {
        append_utf8(found, escaped());
      } else if (auto i = names.find(c); i != std::string::npos) {
        found += values[i];
      } else {
        fail();
      }
    }
    ++at_;
    return found;
  }

  uint32_t hex() {
    if (at_ + 4 > text_.size()) fail();
    uint32_t found = static_cast<uint32_t>(std::strtoul(text_.substr(at_, 4).c_str(), nullptr, 16));
    at_ += 4;
    return found;
  }

  // The code point after \u; two of them for what is beyond the first 65,536.
  uint32_t escaped() {
    uint32_t first = hex();
    if (first < 0xD800 || first >= 0xDC00 || !word("\\u")) return first;
    return 0x10000 + ((first - 0xD800) << 10) + (hex() - 0xDC00);
  }

  const std::string& text_;
  size_t at_ = 0;
};
