#include "killah_tokens.h"

#include <algorithm>
#include <exception>
#include <fstream>
#include <iterator>

#include "../../../host/tokenizer.hpp"

struct killah_tokenizer {
  Tokenizer tokens;
};

killah_tokenizer *killah_tokenizer_open(const char *path) try {
  std::ifstream file(path, std::ios::binary);
  if (!file) return nullptr;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  return new killah_tokenizer{Tokenizer(JsonReader::read(text))};
} catch (const std::exception &) {
  return nullptr;  // what the caller is told
}

void killah_tokenizer_close(killah_tokenizer *tokenizer) { delete tokenizer; }

size_t killah_tokenizer_encode(const killah_tokenizer *tokenizer, const char *text, int64_t *ids, size_t room) {
  std::vector<int64_t> found = tokenizer->tokens.encode(text);
  std::copy_n(found.begin(), std::min(room, found.size()), ids);
  return found.size();
}

size_t killah_tokenizer_bytes(const killah_tokenizer *tokenizer, int64_t id, uint8_t *bytes, size_t room) {
  std::string found = tokenizer->tokens.bytes(id);
  std::copy_n(found.begin(), std::min(room, found.size()), bytes);
  return found.size();
}
