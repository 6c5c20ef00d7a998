// The smallest program that runs a Killah bundle: text, and perhaps a recording, in; text out as it is written.
//
//   killah-host BUNDLE --prompt "It was" [--audio FILE.wav] [--adapter NAME] [--tokens 64]
//   killah-host BUNDLE --probe          does it write what the bundle says it must?
//   killah-host BUNDLE --encode TEXT    the tokens of a text
//
// ../FORMAT.md says what a bundle is. All errors are one line on stderr and exit code 1.
#include <executorch/extension/module/module.h>
#include <executorch/extension/tensor/tensor.h>
#include <executorch/runtime/platform/platform.h>
#include <executorch/runtime/platform/runtime.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <numeric>

#include "json.hpp"
#include "tokenizer.hpp"

namespace fs = std::filesystem;
using executorch::extension::make_tensor_ptr;
using executorch::extension::Module;
using executorch::runtime::EValue;
using Vectors = std::vector<float>;  // (n, hidden), row by row
using Ids = std::vector<int64_t>;

[[noreturn]] static void fail(const std::string& what) { throw std::runtime_error(what); }

static std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("Cannot read " + path.string() + ".");
  return {std::istreambuf_iterator<char>(file), {}};
}

// A bundle, with one of its adapters at work.
class Bundle {
 public:
  Bundle(const fs::path& folder, const std::string& adapter)
      : folder_(folder), about(JsonReader::read(content(folder / "manifest.json"))),
        tokenizer(JsonReader::read(content(folder / "tokenizer.json"))) {
    if (about["format"].integer() > 1) fail("The bundle was made by a newer Killah: build a newer host.");
    for (const auto& [name, file] : about["files"].object()) {
      std::error_code error;
      if (fs::file_size(folder / name, error) != static_cast<uintmax_t>(file["bytes"].integer()) || error)
        fail(name + " is not the file that manifest.json describes.");
    }
    for (const Json& operators : about["operators"].list())
      if (operators.text() == "llama")
        fail("The bundle needs ExecuTorch's llama operators, which this host is built without: "
             "export it with --attention plain.");
    hidden_ = about["hidden"].integer(), chunk_ = about["chunk"].integer(), context_ = about["context"].integer();
    std::vector<std::string> data;
    for (const std::string& name : {about["base_data"].text(), file_of(adapter)})
      if (!name.empty()) data.push_back((folder / name).string());
    program_ = std::make_unique<Module>((folder / about["program"].text()).string(), data, Module::LoadMode::Mmap);
    if (program_->load() != executorch::runtime::Error::Ok) fail("The bundle's program does not load here.");
  }

  Vectors embed(const Ids& ids) {
    Vectors all;
    for (size_t at = 0; at < ids.size(); at += chunk_) {
      Ids piece(ids.begin() + at, ids.begin() + std::min(at + chunk_, ids.size()));
      int n = static_cast<int>(piece.size());
      append(all, run("token_embedding", {make_tensor_ptr({1, n}, std::move(piece))}));
    }
    return all;
  }

  // Soft tokens of samples in [-1, 1]; what lacks to whole tokens is silence behind them.
  Vectors hear(Vectors samples) {
    const Json& audio = about["audio"];
    if (audio.null()) fail("The bundle has no ears.");
    int64_t one = audio["samples_per_token"].integer(), extra = audio["extra_samples"].integer();
    int64_t given = static_cast<int64_t>(samples.size());
    int64_t tokens = std::max<int64_t>(1, (given - extra + one - 1) / one);
    if (tokens > audio["longest"].integer()) fail("The recording is too long for the bundle: cut it into parts.");
    samples.resize(tokens * one + extra);
    int n = static_cast<int>(samples.size());
    return run("audio_encoder", {make_tensor_ptr({1, 1, n}, std::move(samples))});
  }

  // Soft tokens of the persona that the bundle was made for; none for nobody.
  Vectors persona() {
    if (about["persona"].null() || about["persona"]["file"].text().empty()) return {};
    std::string raw = content(folder_ / about["persona"]["file"].text());
    Vectors found(raw.size() / sizeof(float));
    std::memcpy(found.data(), raw.data(), found.size() * sizeof(float));
    return found;
  }

  // Reads vectors from position `start_` on; logits of what follows.
  Vectors read(const Vectors& vectors) {
    Vectors logits;
    size_t count = vectors.size() / hidden_;
    if (start_ + count > context_) fail("The text is longer than the bundle's context.");
    for (size_t at = 0; at < count; at += chunk_) {
      size_t n = std::min(chunk_, count - at);
      Vectors piece(vectors.begin() + at * hidden_, vectors.begin() + (at + n) * hidden_);
      Ids positions(n);
      std::iota(positions.begin(), positions.end(), static_cast<int64_t>(start_));
      int size = static_cast<int>(n);
      logits = run("text_decoder", {make_tensor_ptr({1, size, static_cast<int>(hidden_)}, std::move(piece)),
                                    make_tensor_ptr({size}, std::move(positions))});
      start_ += n;
    }
    return logits;
  }

  // Greedy ids after `prompt`, each told to `say`, up to `count`, an end or the end of the context.
  template <typename Say>
  void write(const Vectors& prompt, int count, Say say) {
    start_ = 0;
    Vectors logits = read(prompt);
    for (int left = count; left > 0; --left) {
      int64_t token = std::max_element(logits.begin(), logits.end()) - logits.begin();
      for (const Json& end : about["ends"].list()) if (end.integer() == token) return;
      say(token);
      if (left == 1 || start_ >= context_) return;
      logits = read(embed({token}));
    }
  }

  static void append(Vectors& all, const Vectors& more) { all.insert(all.end(), more.begin(), more.end()); }

 private:
  fs::path folder_;

 public:
  const Json about;
  const Tokenizer tokenizer;

 private:
  std::string file_of(const std::string& given) const {
    std::string name = given.empty() ? about["adapter"].text() : given;
    if (name.empty()) return "";
    const Json& found = about["adapters"][name];
    if (found.null()) fail("The bundle has no adapter " + name + ".");
    return found["file"].text();
  }

  Vectors run(const std::string& method, std::vector<EValue> inputs) {
    auto outputs = program_->execute(method, inputs);
    if (!outputs.ok())
      fail(method + " failed in ExecuTorch, error " + std::to_string(static_cast<int>(outputs.error())) + ".");
    auto tensor = outputs->at(0).toTensor();
    const float* values = tensor.const_data_ptr<float>();
    return Vectors(values, values + tensor.numel());
  }

  std::unique_ptr<Module> program_;
  size_t hidden_ = 0, chunk_ = 1, context_ = 0, start_ = 0;
};

// Samples of a RIFF file, 16-bit or float, its channels averaged.
static Vectors samples(const fs::path& path, int64_t rate) {
  std::string raw = content(path);
  if (raw.size() < 12 || raw.compare(0, 4, "RIFF") || raw.compare(8, 4, "WAVE"))
    fail(path.string() + " is no WAV file.");
  auto number = [&](size_t at, int bytes) {
    uint32_t found = 0;
    std::memcpy(&found, raw.data() + at, bytes);
    return found;
  };
  uint32_t kind = 0, channels = 0, bits = 0;
  for (size_t at = 12; at + 8 <= raw.size();) {
    size_t size = std::min<size_t>(number(at + 4, 4), raw.size() - at - 8);
    std::string name = raw.substr(at, 4);
    at += 8;
    if (name == "fmt " && size >= 16) {
      kind = number(at, 2), channels = number(at + 2, 2), bits = number(at + 14, 2);
      if (kind == 0xFFFE && size >= 26) kind = number(at + 24, 2);
      if (number(at + 4, 4) != rate)
        fail(path.string() + " must have " + std::to_string(rate) + " samples a second.");
    } else if (name == "data") {
      if (!((kind == 1 && bits == 16) || (kind == 3 && bits == 32)) || !channels)
        fail(path.string() + " must be 16-bit or float.");
      Vectors found(size / (bits / 8) / channels);
      for (size_t i = 0; i < found.size() * channels; ++i) {
        float value = 0;
        int16_t whole = 0;
        if (bits == 32) std::memcpy(&value, raw.data() + at + i * 4, 4);
        else std::memcpy(&whole, raw.data() + at + i * 2, 2), value = static_cast<float>(whole) / 32768.0f;
        found[i / channels] += value / static_cast<float>(channels);
      }
      return found;
    }
    at += size + size % 2;
  }
  fail(path.string() + " holds no sound.");
}

// Prints whole characters only: a token may end in the middle of one.
class Printer {
 public:
  void print(const std::string& bytes) {
    held_ += bytes;
    size_t whole = held_.size();
    for (size_t back = 1; back <= std::min<size_t>(3, held_.size()); ++back) {
      auto c = static_cast<unsigned char>(held_[held_.size() - back]);
      if (c < 0x80) break;
      if (c >= 0xC0) {
        size_t needed = c < 0xC2 || c > 0xF4 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;  // 1: it begins no character
        if (back < needed) whole = held_.size() - back;
        break;
      }
    }
    std::cout << held_.substr(0, whole) << std::flush;
    held_.erase(0, whole);
  }

 private:
  std::string held_;
};

// ExecuTorch's own messages: errors only.
static void report(
    et_timestamp_t, et_pal_log_level_t level, const char*, const char*, size_t, const char* text, size_t size) {
  if (level == et_pal_log_level_t::kError || level == et_pal_log_level_t::kFatal)
    std::cerr << "executorch: " << std::string(text, size) << std::endl;
}

static Vectors begin(Bundle& bundle) {
  Vectors prompt = bundle.embed({bundle.about["bos"].integer()});
  Bundle::append(prompt, bundle.persona());
  return prompt;
}

static int encode(const fs::path& folder, const std::string& text) {
  const char* gap = "";
  for (int64_t id : Tokenizer(JsonReader::read(content(folder / "tokenizer.json"))).encode(text)) {
    std::cout << gap << id;
    gap = " ";
  }
  std::cout << std::endl;
  return 0;
}

static int probe(Bundle& bundle) {
  if (bundle.about["probe"].null()) fail("The bundle has no probe.");
  Ids ids, expected, written;
  for (const Json& id : bundle.about["probe"]["prompt"].list()) ids.push_back(id.integer());
  for (const Json& id : bundle.about["probe"]["expected"].list()) expected.push_back(id.integer());
  Vectors prompt = begin(bundle);
  Bundle::append(prompt, bundle.embed(ids));
  bundle.write(prompt, static_cast<int>(expected.size()), [&](int64_t id) { written.push_back(id); });
  size_t shorter = std::min(written.size(), expected.size());
  auto parted = std::mismatch(expected.begin(), expected.begin() + static_cast<long>(shorter), written.begin()).first;
  std::cout << parted - expected.begin() << " of " << expected.size() << " tokens are as expected\n";
  return written == expected ? 0 : 1;
}

int main(int count, char** arguments) try {
  const std::set<std::string> known{"--prompt", "--audio", "--adapter", "--tokens", "--encode"};
  std::map<std::string, std::string> given{{"--tokens", "64"}};
  for (int i = 2; i < count; ++i) {
    std::string name = arguments[i];
    if (name == "--probe") given[name] = "yes";
    else if (i + 1 < count && known.count(name)) given[name] = arguments[++i];
    else fail("Unknown option " + name + ".");
  }
  if (count < 3)
    fail("Usage: killah-host BUNDLE --prompt TEXT [--audio FILE.wav] [--adapter NAME] [--tokens N] "
         "| --probe | --encode TEXT");
  if (given.count("--encode")) return encode(arguments[1], given["--encode"]);
  executorch::runtime::register_pal(executorch::runtime::PalImpl::create(report, __FILE__));
  executorch::runtime::runtime_init();
  Bundle bundle(arguments[1], given["--adapter"]);
  if (given.count("--probe")) return probe(bundle);
  Vectors prompt = begin(bundle);
  if (given.count("--audio")) {
    const Json& audio = bundle.about["audio"];
    int64_t rate = audio.null() ? 16000 : audio["rate"].integer();
    Bundle::append(prompt, bundle.hear(samples(given["--audio"], rate)));
  }
  Bundle::append(prompt, bundle.embed(bundle.tokenizer.encode(given["--prompt"])));
  Printer printer;
  bundle.write(prompt, std::stoi(given["--tokens"]), [&](int64_t id) { printer.print(bundle.tokenizer.bytes(id)); });
  std::cout << std::endl;
  return 0;
} catch (const std::exception& error) {
  std::cerr << "killah-host: " << error.what() << std::endl;
  return 1;
}
