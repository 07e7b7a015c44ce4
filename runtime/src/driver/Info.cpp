//===- Info.cpp - Describing a model ---------------------------------------===//
#include "Tasks.h"

using namespace halftone::driver;

static std::string describeAsJson(const Session &session) {
  const halftone_model &m = session.model();
  Json json;
  json.beginObject()
      .text("name", m.name)
      .integer("abi_version", m.abi_version)
      .text("triple", m.triple)
      .text("cpu", m.cpu)
      .text("features", m.features)
      .integer("vocabulary", m.vocabulary)
      .integer("hidden", m.hidden)
      .integer("layers", m.layers)
      .integer("heads", m.heads)
      .integer("kv_heads", m.kv_heads)
      .integer("head_size", m.head_size)
      .integer("context", m.context)
      .integer("chunk", m.chunk)
      .integer("bos", m.bos)
      .integer("eos", m.eos)
      .integer("weight_bytes", m.weight_bytes)
      .integer("huge_page_bytes", session.hugePageBytes())
      .integer("key_cache_bytes", m.key_cache_bytes)
      .integer("value_cache_bytes", m.value_cache_bytes)
      .integer("scratch_bytes", m.scratch_bytes)
      .boolean("tokenizer", m.tokenizer_bytes > 0);
  if (m.report)
    json.raw("report", m.report);
  return json.endObject().take();
}

static std::string describeAsTable(const Session &session) {
  const halftone_model &m = session.model();
  auto row = [](const char *name, const std::string &value) { return format("%-12s %s\n", name, value.c_str()); };
  auto number = [](int64_t value) { return std::to_string(value); };
  auto token = [](int32_t id) { return id < 0 ? std::string("none") : std::to_string(id); };
  std::string text = row("name", m.name);
  text += row("weights", session.sizeText());
  if (session.hugePageBytes())
    text += row("huge pages", format("%.2f MiB of the weights", double(session.hugePageBytes()) / (1 << 20)));
  text += row("built for", std::string(m.cpu) + ", " + m.triple);
  text += row("needs", *m.features ? m.features : "no special CPU features");
  text += row("vocabulary", number(m.vocabulary));
  text += row("hidden", number(m.hidden));
  text += row("layers", number(m.layers));
  text += row("heads", format("%lld of %lld, %lld for keys and values", (long long)m.heads, (long long)m.head_size,
                              (long long)m.kv_heads));
  text += row("context", number(m.context) + " tokens");
  text += row("memory",
              format("%.2f MiB KV cache, %.2f MiB scratch per context",
                     double(m.key_cache_bytes + m.value_cache_bytes) / (1 << 20), double(m.scratch_bytes) / (1 << 20)));
  text += row("begin token", token(m.bos)) + row("end token", token(m.eos));
  text += row("tokenizer", session.hasTokenizer()  ? "SentencePiece, inside"
                           : m.tokenizer_bytes > 0 ? "SentencePiece, inside, but not in this runtime; give --tokens"
                                                   : "none; give --tokens");
  return text + row("ABI", number(m.abi_version));
}

void halftone::driver::info(const Options &options, const Session &session) {
  print(options.json ? describeAsJson(session) : describeAsTable(session));
}
