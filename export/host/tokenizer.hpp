// tokenizer.json in C++: byte-level BPE (GPT-2's, as pushkin-nano has) and SentencePiece BPE (Gemma's).
//
// Letters and spaces are told by the C library's UTF-8 locale. It counts digits beyond ASCII as letters, so there
// the tokens may differ from the reference's; the text they stand for does not.
#pragma once

#include <clocale>
#include <cstdio>
#include <cwctype>
#include <set>
#include <unordered_map>

#include "json.hpp"

class Tokenizer {
 public:
  explicit Tokenizer(const Json& told) {
    if (!std::setlocale(LC_CTYPE, "C.UTF-8")) std::setlocale(LC_CTYPE, "en_US.UTF-8");
    const Json& model = told["model"];
    pieces_ = model["byte_fallback"].truth();
    for (const auto& [token, id] : model["vocab"].object()) name(id.integer(), token);
    for (const Json& added : told["added_tokens"].list()) {
      name(added["id"].integer(), added["content"].text());
      // What a writer types is text, also where it reads like a control token.
      (added["special"].truth() ? special_ : whole_).insert(added["content"].text());
    }
    int rank = 0;
    for (const Json& merge : model["merges"].list()) add_merge(merge, rank++);
    for (int byte = 0, moved = 256; byte < 256; ++byte) {
      bool kept = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      std::string letter;
      append_utf8(letter, kept ? byte : moved++);
      letter_[byte] = letter;
      byte_[letter] = static_cast<char>(byte);
    }
  }

  // Ids of `text`, nothing added.
  std::vector<int64_t> encode(const std::string& text) const {
    std::vector<int64_t> ids;
    std::string plain = pieces_ ? replaced(text, " ", "\u2581") : text;
    size_t start = 0;
    for (size_t at = 0; at < plain.size();) {
      size_t length = longest_whole(plain, at);
      if (!length) {
        at += width(plain, at);
        continue;
      }
      encode_part(plain.substr(start, at - start), ids);
      ids.push_back(ids_.at(plain.substr(at, length)));
      start = at += length;
    }
    encode_part(plain.substr(start), ids);
    return ids;
  }

  // The bytes that an id adds to the text; none for control tokens.
  std::string bytes(int64_t id) const {
    auto found = names_.find(id);
    if (found == names_.end() || special_.count(found->second)) return "";
    const std::string& token = found->second;
    if (whole_.count(token)) return replaced(token, "\u2581", " ");
    unsigned byte = 0;
    if (pieces_ && token.size() == 6 && std::sscanf(token.c_str(), "<0x%2X>", &byte) == 1)
      return {static_cast<char>(byte)};
    if (pieces_) return replaced(token, "\u2581", " ");
    std::string out;
    for (const std::string& letter : letters(token)) {
      auto known = byte_.find(letter);
      if (known != byte_.end()) out += known->second;
    }
    return out;
  }

 private:
  static size_t width(const std::string& text, size_t at) {
    auto c = static_cast<unsigned char>(text[at]);
    size_t bytes = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    return std::min(bytes, text.size() - at);
  }

  static std::vector<std::string> letters(const std::string& text) {
    std::vector<std::string> found;
    for (size_t at = 0; at < text.size(); at += found.back().size())
      found.push_back(text.substr(at, width(text, at)));
    return found;
  }

  static std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
    return text;
  }

  void name(int64_t id, const std::string& token) {
    ids_[token] = id;
    names_[id] = token;
  }

  void add_merge(const Json& merge, int rank) {
    std::string left, right;
    if (std::holds_alternative<Json::List>(merge.value)) {
      left = merge.list().at(0).text(), right = merge.list().at(1).text();
    } else {
      size_t gap = merge.text().find(' ', 1);
      left = merge.text().substr(0, gap), right = merge.text().substr(gap + 1);
    }
    merges_.emplace(left + '\0' + right, rank);
  }

  // Bytes of the longest token at `at` that is matched in the text itself; 0 for none.
  size_t longest_whole(const std::string& text, size_t at) const {
    size_t found = 0;
    for (const std::string& token : whole_)
      if (token.size() > found && text.compare(at, token.size(), token) == 0) found = token.size();
    return found;
  }

  void encode_part(const std::string& text, std::vector<int64_t>& ids) const {
    if (pieces_) return merge(letters(text), ids);
    for (const std::string& word : words(text)) {
      std::vector<std::string> symbols;
      for (char c : word) symbols.push_back(letter_[static_cast<unsigned char>(c)]);
      merge(symbols, ids);
    }
  }

  // Joins the pair of the lowest rank until there is none.
  void merge(std::vector<std::string> symbols, std::vector<int64_t>& ids) const {
    for (;;) {
      int best = -1;
      size_t where = 0;
      for (size_t i = 0; i + 1 < symbols.size(); ++i) {
        auto found = merges_.find(symbols[i] + '\0' + symbols[i + 1]);
        if (found != merges_.end() && (best < 0 || found->second < best)) best = found->second, where = i;
      }
      if (best < 0) break;
      symbols[where] += symbols[where + 1];
      symbols.erase(symbols.begin() + static_cast<long>(where) + 1);
    }
    for (const std::string& symbol : symbols) {
      auto found = ids_.find(symbol);
      if (found != ids_.end()) ids.push_back(found->second);
      else for (char c : symbol) ids.push_back(fallback(c));
    }
  }

  int64_t fallback(char c) const {
    char code[8];
    std::snprintf(code, sizeof code, "<0x%02X>", static_cast<unsigned char>(c));
    auto found = ids_.find(code);
    return found == ids_.end() ? ids_.at("<unk>") : found->second;
  }

  enum Kind { kLetter, kDigit, kSpace, kOther };

  static Kind kind(const std::string& letter) {
    wchar_t c = 0;
    if (std::mbtowc(&c, letter.data(), letter.size()) < 0) return kOther;
    if (c == 0xA0 || c == 0x2007 || c == 0x202F || std::iswspace(c)) return kSpace;
    if (std::iswdigit(c)) return kDigit;
    return std::iswalpha(c) ? kLetter : kOther;
  }

  // GPT-2's split: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  static std::vector<std::string> words(const std::string& text) {
    std::vector<std::string> all = letters(text), found;
    auto is = [&](size_t i, Kind wanted) { return i < all.size() && kind(all[i]) == wanted; };
    for (size_t i = 0; i < all.size();) {
      size_t end = i + ending(all, i);
      if (end == i) {
        size_t first = all[i] == " " && i + 1 < all.size() && !is(i + 1, kSpace) ? i + 1 : i;
        Kind run = kind(all[first]);
        for (end = first; is(end, run);) ++end;
        // A run of spaces leaves its last to the word behind it.
        if (run == kSpace && end < all.size() && end - i > 1) --end;
      }
      std::string word;
      for (; i < end; ++i) word += all[i];
      found.push_back(word);
    }
    return found;
  }

  // Letters of 's, 't, 're ... at `i`; 0 for none.
  static size_t ending(const std::vector<std::string>& all, size_t i) {
    if (all[i] != "'" || i + 1 >= all.size()) return 0;
    const std::string& next = all[i + 1];
    if (next == "s" || next == "t" || next == "m" || next == "d") return 2;
    std::string two = i + 2 < all.size() ? next + all[i + 2] : "";
    return two == "re" || two == "ve" || two == "ll" ? 3 : 0;
  }

  bool pieces_ = false;  // SentencePiece: "▁" for a space, <0x0A> for rare bytes
  std::unordered_map<std::string, int64_t> ids_;
  std::unordered_map<int64_t, std::string> names_;
  std::set<std::string> special_, whole_;
  std::unordered_map<std::string, int> merges_;
  std::string letter_[256];  // GPT-2's printable stand-in for each byte
  std::unordered_map<std::string, char> byte_;
};
