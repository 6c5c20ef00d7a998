// A tokenizer.json, for Swift. Not for several threads at once while it is being made.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct killah_tokenizer killah_tokenizer;

// NULL where `path` is no tokenizer.json that Killah knows.
killah_tokenizer *killah_tokenizer_open(const char *path);
void killah_tokenizer_close(killah_tokenizer *tokenizer);

// Number of ids of a UTF-8 text, of which up to `room` are written to `ids`.
size_t killah_tokenizer_encode(const killah_tokenizer *tokenizer, const char *text, int64_t *ids, size_t room);

// Number of bytes that an id adds to the text, of which up to `room` are written to `bytes`.
size_t killah_tokenizer_bytes(const killah_tokenizer *tokenizer, int64_t id, uint8_t *bytes, size_t room);

#ifdef __cplusplus
}
#endif
