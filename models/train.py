#!/usr/bin/python3
"""Train a small Llama on a text file and write it as a Hugging Face directory.

Needs only Debian packages: python3-torch, python3-sentencepiece and
python3-numpy. One thread of a CPU with bfloat16 instructions (AVX512_BF16) trains
the default size in half an hour; without them the matrix products take several
times as long.
"""

import argparse
import io
import json
import math
import os
import struct
import sys
import time

import numpy as np
import sentencepiece as spm
import torch
import torch.nn.functional as F

UNK, BOS, EOS = 0, 1, 2
HEAD_SIZE = 32
NOISE_GROUP = 32
VALID_BYTES = 9000
EPILOG = """
what it does
  1. Splits the text: the last 5% is held out. The first part of the held-out
     text (dev) chooses the checkpoint that is kept; documents from its end go to
     OUT/valid.txt and are never looked at during training.
  2. Trains a SentencePiece BPE tokenizer with byte fallback on the training part
     (unk 0, bos 1, eos 2; a newline is the byte token <0x0A>).
  3. Trains a Llama (RMSNorm, rotary embedding, SwiGLU, grouped-query attention,
     tied head, no biases) with AdamW in bfloat16 on windows that start at a random
     line. Against overfitting and for low-bit formats: dropout, BPE dropout
     (other tokenizations of the same text) and weight noise, which disturbs
     every linear weight in every step like a quantizer would.
  4. Whenever the dev loss improves, writes OUT: config.json, model.safetensors
     (F16), tokenizer.model, valid.txt. Stop it when you like; the best is there.

The result is a function of text, options and seed on one machine (another CPU may
round differently).

examples
  models/train.py shakespeare.txt                        the bundled model
  models/train.py shakespeare.txt -o /tmp/m --steps 100  a trial: look at tokens/s
  models/train.py my.txt -o my-model --hidden 192 --heads 6 --ffn 512 --layers 4
"""


# --- Text and tokenizer -------------------------------------------------------

def split_text(text):
    """Returns (train, dev, valid): the last 5% held out, valid a list of
    documents that start at a blank line, taken from the very end."""
    paragraphs = text.split('\n\n')
    held, size = len(paragraphs), 0
    while held > 1 and size < 0.05 * len(text):
        held -= 1
        size += len(paragraphs[held]) + 2
    rest, docs, size = paragraphs[held:], [], 0
    while rest and size < VALID_BYTES:
        doc = rest.pop().strip()
        while rest and len(doc) + len(rest[-1]) < 450:
            doc = rest.pop().strip() + '\n\n' + doc
        docs.insert(0, doc)
        size += len(doc)
    return '\n\n'.join(paragraphs[:held]), '\n\n'.join(rest), docs


def set_dummy_prefix(proto):
    """Returns the serialized SentencePiece model with add_dummy_prefix = true,
    as every Llama tokenizer has it (normalizer_spec is field 3 of the model,
    add_dummy_prefix is field 3 of normalizer_spec)."""
    def varint(at):
        value, shift = 0, 0
        while True:
            value |= (proto[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if proto[at - 1] < 128:
                return value, at

    def find(at, end, wanted):
        while at < end:
            tag, at = varint(at)
            size, after = (varint(at) if tag & 7 in (0, 2) else
                           ({1: 8, 5: 4}[tag & 7], at))
            body_end = after if tag & 7 == 0 else after + size
            if tag >> 3 == wanted:
                return after, body_end
            at = body_end
        raise ValueError('field %d is not in the tokenizer model' % wanted)

    begin, end = find(0, len(proto), 3)
    _, flag_end = find(begin, end, 3)
    return proto[:flag_end - 1] + b'\x01' + proto[flag_end:]


def train_tokenizer(text, vocab):
    """Returns the bytes of tokenizer.model. Trained line by line without a
    leading space, because a line start is not preceded by one in the text."""
    out = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter([line for line in text.split('\n') if line]),
        model_writer=out, model_type='bpe', vocab_size=vocab,
        byte_fallback=True, character_coverage=1.0, split_digits=True,
        normalization_rule_name='identity', remove_extra_whitespaces=False,
        add_dummy_prefix=False, unk_id=UNK, bos_id=BOS, eos_id=EOS, pad_id=-1,
        num_threads=1, minloglevel=2)
    return set_dummy_prefix(out.getvalue())


class Corpus:
    """Tokens of a text by line. A window is a begin token, the line that it
    starts with (encoded as a document start) and what follows."""

    def __init__(self, tokenizer, text, rng):
        self.tok, self.rng = tokenizer, rng
        self.lines = text.split('\n')
        self.starts = [i for i, line in enumerate(self.lines) if line]
        self.encode(0.0)

    def encode(self, dropout):
        """Encodes every line, with BPE dropout (share of merges skipped)."""
        opts = dict(enable_sampling=True, alpha=dropout,
                    nbest_size=-1) if dropout else {}
        self.first = [self.tok.encode(line, **opts) for line in self.lines]
        # A continued line is its newline byte and its text; the leading piece
        # is the dummy prefix.
        tail = [self.tok.encode('\n' + line, **opts) for line in self.lines]
        tail = [ids[1:] for ids in tail]
        self.offset = np.cumsum([0] + [len(ids) for ids in tail])
        self.flat = np.array([i for ids in tail for i in ids], np.int64)

    def window(self, line, length):
        """Token ids from `line` on; None when the text ends before `length`."""
        ids = [BOS] + self.first[line]
        begin = self.offset[line + 1]
        need = length - len(ids)
        if need > 0 and begin + need > len(self.flat):
            return None
        return np.concatenate([ids, self.flat[begin:begin + max(need, 0)]])[:length]

    def batch(self, count, length):
        """[count, length] tokens from random lines."""
        rows = []
        while len(rows) < count:
            row = self.window(int(self.rng.choice(self.starts)), length)
            if row is not None:
                rows.append(row)
        return torch.from_numpy(np.stack(rows).astype(np.int64))

    def cover(self, length):
        """[n, length] windows that cover the text once, in order."""
        rows, line = [], 0
        while line < len(self.lines):
            row = self.window(line, length) if self.lines[line] else None
            if row is not None:
                rows.append(row)
                line = int(np.searchsorted(self.offset,
                                           self.offset[line] + length - 1))
            line += 1
        rows = np.array(rows, np.int64).reshape(-1, length)
        return torch.from_numpy(rows)


# --- Model --------------------------------------------------------------------

class RmsNorm(torch.autograd.Function):
    """x [n, d] float32 -> x / rms(x) * g in bfloat16."""

    @staticmethod
    def forward(ctx, x, g, eps):
        r = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, g, r)
        return (x * r * g).bfloat16()

    @staticmethod
    def backward(ctx, dy):
        x, g, r = ctx.saved_tensors
        dy = dy.float()
        n = x * r
        dg = (dy * n).sum(0)
        dn = dy * g
        dx = r * (dn - n * (dn * n).mean(-1, keepdim=True))
        return dx, dg, None


class CrossEntropy(torch.autograd.Function):
    """logits [n, vocab] bfloat16, targets [n] -> mean of -log p(target)."""

    @staticmethod
    def forward(ctx, logits, targets):
        p = torch.softmax(logits.float(), -1)
        ctx.save_for_backward(p, targets)
        return -p.gather(1, targets[:, None]).log().mean()

    @staticmethod
    def backward(ctx, dy):
        p, targets = ctx.saved_tensors
        d = p.clone()
        d[torch.arange(len(targets)), targets] -= 1
        return d.mul_(dy / len(targets)).bfloat16(), None


class Llama(torch.nn.Module):
    """HF LlamaForCausalLM semantics; parameters carry the HF tensor names with
    '.' written as '/'."""

    def __init__(self, config, generator):
        super().__init__()
        self.c = c = config
        d, f = c['hidden_size'], c['intermediate_size']
        kv = c['num_key_value_heads'] * HEAD_SIZE
        depth = 1 / math.sqrt(2 * c['num_hidden_layers'])

        def matrix(name, rows, cols, scale=1.0):
            value = torch.randn(rows, cols, generator=generator)
            value *= scale / math.sqrt(cols)
            self.register_parameter(name, torch.nn.Parameter(value))

        def norm(name):
            self.register_parameter(name, torch.nn.Parameter(torch.ones(d)))

        matrix('model/embed_tokens/weight', c['vocab_size'], d, 0.5)
        for i in range(c['num_hidden_layers']):
            p = 'model/layers/%d/' % i
            norm(p + 'input_layernorm/weight')
            matrix(p + 'self_attn/q_proj/weight', d, d)
            matrix(p + 'self_attn/k_proj/weight', kv, d)
            matrix(p + 'self_attn/v_proj/weight', kv, d)
            matrix(p + 'self_attn/o_proj/weight', d, d, depth)
            norm(p + 'post_attention_layernorm/weight')
            matrix(p + 'mlp/gate_proj/weight', f, d)
            matrix(p + 'mlp/up_proj/weight', f, d)
            matrix(p + 'mlp/down_proj/weight', d, f, depth)
        norm('model/norm/weight')
        self.tables(c['max_position_embeddings'])

    def tables(self, t):
        """Rotary cos and sin (half-split) and the causal mask for t positions."""
        f = 1 / self.c['rope_theta'] ** (torch.arange(0, HEAD_SIZE, 2) / HEAD_SIZE)
        a = torch.outer(torch.arange(t).float(), f).repeat(1, 2)[None, :, None]
        self.cos, sin = a.cos().bfloat16(), a.sin()
        half = HEAD_SIZE // 2
        self.sin = torch.cat([-sin[..., :half], sin[..., half:]], -1).bfloat16()
        g = self.c['num_attention_heads'] // self.c['num_key_value_heads']
        self.mask = torch.full((t, t), -1e4).triu(1).repeat(g, 1).bfloat16()

    def weights(self, noise):
        """name -> tensor of this step: linear weights in bfloat16, each
        disturbed by `noise` times the rms of its group of 32 columns."""
        w = {}
        for name, p in self.named_parameters():
            if noise and name.endswith('_proj/weight'):
                x = p.detach().view(p.shape[0], -1, NOISE_GROUP)
                rms = x.pow(2).mean(-1, keepdim=True).sqrt()
                p = p + (torch.randn_like(x) * (noise * rms)).view_as(p)
            w[name] = p.bfloat16() if p.dim() == 2 else p
        return w

    def rotate(self, x, t):
        half = HEAD_SIZE // 2
        swapped = torch.cat([x[..., half:], x[..., :half]], -1)
        return x * self.cos[:, :t] + swapped * self.sin[:, :t]

    def attention(self, w, p, h, b, t):
        """h [b * t, d] -> [b * t, d]; the query heads that share a key head are
        rows of one product."""
        kv = self.c['num_key_value_heads']
        g = self.c['num_attention_heads'] // kv

        def project(n):
            return F.linear(h, w[p + n + '_proj/weight']).view(b, t, -1, HEAD_SIZE)

        q = self.rotate(project('q') * HEAD_SIZE ** -0.5, t)
        q = q.permute(0, 2, 1, 3).reshape(b * kv, g * t, HEAD_SIZE)
        k = self.rotate(project('k'), t).permute(0, 2, 3, 1)
        k = k.reshape(b * kv, HEAD_SIZE, t)
        v = project('v').permute(0, 2, 1, 3).reshape(b * kv, t, HEAD_SIZE)
        mask = self.mask.view(g, -1, self.mask.shape[1])[:, :t, :t]
        s = torch.bmm(q, k).add_(mask.reshape(g * t, t))
        y = torch.bmm(torch.softmax(s, -1), v).view(b, kv * g, t, HEAD_SIZE)
        y = y.permute(0, 2, 1, 3).reshape(b * t, -1)
        return F.linear(y, w[p + 'o_proj/weight'])

    def forward(self, ids, dropout=0.0, noise=0.0):
        """ids [b, t] -> logits [b * t, vocab] in bfloat16."""
        c, (b, t), w = self.c, ids.shape, self.weights(noise)
        eps, embed = c['rms_norm_eps'], w['model/embed_tokens/weight']

        def drop(x):
            return F.dropout(x, dropout) if dropout else x

        x = drop(F.embedding(ids.reshape(-1), embed)).float()
        for i in range(c['num_hidden_layers']):
            p = 'model/layers/%d/' % i
            h = RmsNorm.apply(x, w[p + 'input_layernorm/weight'], eps)
            x = x + drop(self.attention(w, p + 'self_attn/', h, b, t))
            h = RmsNorm.apply(x, w[p + 'post_attention_layernorm/weight'], eps)
            u = F.silu(F.linear(h, w[p + 'mlp/gate_proj/weight']))
            u = u * F.linear(h, w[p + 'mlp/up_proj/weight'])
            x = x + drop(F.linear(u, w[p + 'mlp/down_proj/weight']))
        x = RmsNorm.apply(x, w['model/norm/weight'], eps)
        return F.linear(drop(x), embed)

    def loss(self, rows, dropout=0.0, noise=0.0):
        """Mean cross-entropy (nats per token) of rows [b, t + 1]."""
        logits = self(rows[:, :-1], dropout, noise)
        return CrossEntropy.apply(logits, rows[:, 1:].reshape(-1))


# --- Files --------------------------------------------------------------------

def replace_file(path, data):
    """Writes data so that a reader sees the old file or the new one."""
    with open(path + '.tmp', 'wb') as out:
        out.write(data)
    os.replace(path + '.tmp', path)


def safetensors(tensors):
    """Serializes name -> float tensor as F16: names sorted, data contiguous in
    that order, header padded to a multiple of 8."""
    header, blobs, at = {'__metadata__': {'format': 'pt'}}, [], 0
    for name in sorted(tensors):
        data = tensors[name].detach().numpy().astype('<f2')
        if not np.isfinite(data).all():
            raise ValueError('tensor %s has values that half precision '
                             'cannot hold' % name)
        header[name] = {'dtype': 'F16', 'shape': list(data.shape),
                        'data_offsets': [at, at + data.nbytes]}
        at += data.nbytes
        blobs.append(data.tobytes())
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    return struct.pack('<Q', len(text)) + text + b''.join(blobs)


def save(model, folder):
    tensors = {name.replace('/', '.'): p for name, p in model.named_parameters()}
    replace_file(os.path.join(folder, 'model.safetensors'), safetensors(tensors))


def make_config(a):
    return {
        'architectures': ['LlamaForCausalLM'], 'model_type': 'llama',
        'hidden_size': a.hidden, 'intermediate_size': a.ffn,
        'num_hidden_layers': a.layers, 'num_attention_heads': a.heads,
        'num_key_value_heads': a.kv_heads, 'vocab_size': a.vocab,
        'max_position_embeddings': a.context, 'rms_norm_eps': 1e-05,
        'rope_theta': 10000.0, 'tie_word_embeddings': True,
        'bos_token_id': BOS, 'eos_token_id': EOS, 'hidden_act': 'silu',
        'attention_bias': False, 'mlp_bias': False, 'torch_dtype': 'float16'}


# --- Training -----------------------------------------------------------------

def learning_rate(step, a):
    """Linear warm-up, then a cosine to 1% of the peak."""
    if step < a.warmup:
        return a.lr * (step + 1) / a.warmup
    done = (step - a.warmup) / max(1, a.steps - a.warmup)
    return a.lr * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


@torch.no_grad()
def evaluate(model, rows, noise=0.0):
    """Mean loss over windows; with noise, from a fixed seed."""
    state = torch.get_rng_state()
    torch.manual_seed(1)
    losses = [model.loss(r, noise=noise).item() for r in rows.split(16)]
    sizes = [len(r) for r in rows.split(16)]
    torch.set_rng_state(state)
    return sum(l * n for l, n in zip(losses, sizes)) / sum(sizes)


@torch.no_grad()
def greedy(model, tokenizer, prompt, count):
    ids = [BOS] + tokenizer.encode(prompt)
    for _ in range(count):
        ids.append(int(model(torch.tensor([ids]))[-1].argmax()))
    return tokenizer.decode(ids)


def optimizer_for(model, a):
    groups = [{'params': [p for p in model.parameters() if p.dim() == 2],
               'weight_decay': a.weight_decay},
              {'params': [p for p in model.parameters() if p.dim() == 1],
               'weight_decay': 0.0}]
    return torch.optim.AdamW(groups, lr=a.lr, betas=(0.9, 0.98))


def train(model, corpus, dev, a, tokenizer):
    """The loop; returns (best dev loss, its step)."""
    optimizer = optimizer_for(model, a)
    best, best_step, start, running = math.inf, 0, time.time(), []
    for step in range(a.steps):
        if step % a.reencode == 0 and a.bpe_dropout:
            corpus.encode(a.bpe_dropout)
        for group in optimizer.param_groups:
            group['lr'] = learning_rate(step, a)
        loss = model.loss(corpus.batch(a.batch, a.context + 1), a.dropout, a.noise)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        running.append(loss.item())
        if (step + 1) % a.eval_every and step + 1 < a.steps:
            continue
        clean, noisy = evaluate(model, dev), evaluate(model, dev, a.noise)
        kept = clean < best
        if kept:
            best, best_step = clean, step + 1
            save(model, a.out)
        speed = (step + 1) * a.batch * a.context / (time.time() - start)
        print('step %d  train %.4f  dev %.4f  dev with weight noise %.4f  '
              '%.0f tokens/s  %.0f s%s' % (
                  step + 1, sum(running) / len(running), clean, noisy, speed,
                  time.time() - start, '  saved' if kept else ''), flush=True)
        running = []
    print(greedy(model, tokenizer, 'ROMEO:\n', 80), flush=True)
    return best, best_step


def parse_arguments():
    here = os.path.dirname(os.path.abspath(__file__))
    p = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('text', help='UTF-8 text; blank lines separate paragraphs')
    p.add_argument('-o', '--out', default=os.path.join(here, 'shakespeare'),
                   help='folder to write (default: shakespeare beside this script)')

    def number(flag, kind, default, text):
        p.add_argument(flag, type=kind, default=default,
                       help='%s (default: %s)' % (text, default))

    number('--seed', int, 1, 'seed of everything random')
    number('--steps', int, 4800, 'optimizer steps')
    number('--batch', int, 16, 'windows per step')
    number('--context', int, 256, 'tokens per window, max_position_embeddings')
    number('--vocab', int, 1024, 'pieces of the tokenizer')
    number('--hidden', int, 128, 'hidden size, 32 times the heads')
    number('--ffn', int, 352, 'size of the gated MLP, a multiple of 32')
    number('--layers', int, 6, 'decoder layers')
    number('--heads', int, 4, 'query heads of size 32')
    number('--kv-heads', int, 2, 'key and value heads')
    number('--lr', float, 2.5e-3, 'peak learning rate')
    number('--warmup', int, 200, 'steps of linear warm-up')
    number('--weight-decay', float, 0.1, 'AdamW weight decay of matrices')
    number('--dropout', float, 0.15, 'dropout on embeddings and block outputs')
    number('--bpe-dropout', float, 0.1, 'share of BPE merges skipped in training')
    number('--reencode', int, 100, 'steps between new BPE dropout samples')
    number('--noise', float, 0.2, 'weight noise, relative to the rms of a group')
    number('--eval-every', int, 200, 'steps between dev losses')
    a = p.parse_args()
    if a.hidden != HEAD_SIZE * a.heads or a.heads % a.kv_heads or a.ffn % NOISE_GROUP:
        p.error('--hidden must be 32 times --heads, --heads a multiple of '
                '--kv-heads and --ffn a multiple of 32')
    return a


def main():
    a = parse_arguments()
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    spm.set_random_generator_seed(a.seed)
    try:
        with open(a.text, encoding='utf8') as f:
            text = f.read()
        os.makedirs(a.out, exist_ok=True)
    except (OSError, UnicodeDecodeError) as e:
        sys.exit('train.py: %s: %s' % (a.text, e))
    train_text, dev_text, docs = split_text(text)
    try:
        tokenizer_bytes = train_tokenizer(train_text, a.vocab)
    except RuntimeError as e:
        sys.exit('train.py: %s: no tokenizer of %d pieces from this text: %s'
                 % (a.text, a.vocab, e))
    tokenizer = spm.SentencePieceProcessor(model_proto=tokenizer_bytes)
    replace_file(os.path.join(a.out, 'tokenizer.model'), tokenizer_bytes)
    replace_file(os.path.join(a.out, 'valid.txt'),
                 ('\n<|endoftext|>\n'.join(docs) + '\n').encode())
    config = make_config(a)
    replace_file(os.path.join(a.out, 'config.json'),
                 (json.dumps(config, indent=1) + '\n').encode())
    corpus = Corpus(tokenizer, train_text, np.random.default_rng(a.seed))
    dev = Corpus(tokenizer, dev_text, None).cover(a.context + 1)
    if not len(dev):
        sys.exit('train.py: %s: the 5%% held out, less the %d bytes of valid.txt, '
                 'are less than one window of %d tokens; give more text or a '
                 'smaller --context' % (a.text, VALID_BYTES, a.context))
    model = Llama(config, torch.Generator().manual_seed(a.seed))
    longest = max(len(tokenizer.encode(d)) for d in docs)
    print('train %d tokens, dev %d windows, valid %d documents of at most %d '
          'tokens, %d parameters' % (
              len(corpus.flat), len(dev), len(docs), longest,
              sum(p.numel() for p in model.parameters())), flush=True)
    best, step = train(model, corpus, dev, a, tokenizer)
    print('best dev loss %.4f (perplexity %.2f) at step %d, in %s' % (
        best, math.exp(best), step, a.out))


if __name__ == '__main__':
    main()
