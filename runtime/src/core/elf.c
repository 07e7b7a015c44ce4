/*===- elf.c - A look at a file before the loader maps it ------------------===*\
|*
|* The system's loader maps what the headers say and dies of SIGBUS when the
|* file is shorter, and its messages do not know what the user meant. So the
|* header and the segments are checked here first.
|*
\*===----------------------------------------------------------------------===*/
#include "internal.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#define HOST_NAME "x86-64"
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#define HOST_NAME "AArch64"
#else
#define HOST_MACHINE EM_NONE
#define HOST_NAME "this machine"
#endif

static const char *machine_name(unsigned machine) {
  switch (machine) {
  case EM_X86_64:
    return "x86-64";
  case EM_AARCH64:
    return "AArch64";
  case EM_386:
    return "32-bit x86";
  case EM_ARM:
    return "32-bit Arm";
  case EM_RISCV:
    return "RISC-V";
  default:
    return "another machine";
  }
}

/** Says what a file without an ELF header probably is. */
static halftone_status refuse_foreign(const char *path, const char *head, size_t bytes) {
  const char *what = "no shared object";
  if (bytes == 0)
    what = "an empty file";
  else if (head[0] == '<')
    what = "an HTML or XML page, perhaps a failed download";
  else if (bytes >= 12 && memcmp(head, "version http", 12) == 0)
    what = "a pointer of Git LFS; fetch the file itself";
  else if (bytes >= 4 && memcmp(head, "GGUF", 4) == 0)
    what = "a GGUF file, which has to be compiled first";
  else if (bytes >= 9 && head[8] == '{')
    what = "a safetensors file, which has to be compiled first";
  return halftone_fail(HALFTONE_NOT_A_MODEL,
                       "'%s' is not a Halftone model: it is %s (a model is made by quant-compile INPUT -o MODEL.so)",
                       path, what);
}

static halftone_status check_header(const char *path, const Elf64_Ehdr *header) {
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
      header->e_machine != HOST_MACHINE)
    return halftone_fail(HALFTONE_NOT_A_MODEL,
                         "'%s' is built for %s and this program runs on " HOST_NAME
                         "; recompile the model for this machine",
                         path, machine_name(header->e_machine));
  if (header->e_type == ET_REL)
    return halftone_fail(HALFTONE_NOT_A_MODEL,
                         "'%s' is an object file, which has to be linked into a program; for quant-run compile the "
                         "model with -o MODEL.so",
                         path);
  if (header->e_type == ET_EXEC)
    return halftone_fail(HALFTONE_NOT_A_MODEL, "'%s' is an executable; if it is a model, run it directly", path);
  if (header->e_type != ET_DYN || header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0)
    return halftone_fail(HALFTONE_NOT_A_MODEL, "'%s' is not a Halftone model: it is no shared object", path);
  return HALFTONE_OK;
}

static halftone_status refuse_damaged(const char *path, const char *what) {
  return halftone_fail(HALFTONE_NOT_A_MODEL, "'%s' is damaged: %s; copy or compile it again", path, what);
}

/** Linkers write the table of sections last, so a copy that did not finish, or whose end is a hole full of zeros, shows
 * here, even where the segments are whole. A file may have no such table. */
static halftone_status check_end(const char *path, FILE *file, const Elf64_Ehdr *header, uint64_t file_bytes) {
  if (header->e_shoff == 0 || header->e_shnum == 0)
    return HALFTONE_OK;
  uint64_t table_bytes = (uint64_t)header->e_shnum * sizeof(Elf64_Shdr);
  if (header->e_shoff > file_bytes || table_bytes > file_bytes - header->e_shoff)
    return halftone_fail(HALFTONE_NOT_A_MODEL,
                         "'%s' is truncated: it has %llu bytes and its table of sections ends at %llu; copy or compile "
                         "it again",
                         path, (unsigned long long)file_bytes, (unsigned long long)(header->e_shoff + table_bytes));
  if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shstrndx >= header->e_shnum)
    return refuse_damaged(path, "its header is inconsistent");
  for (unsigned i = 1; i < header->e_shnum; ++i) {
    Elf64_Shdr section;
    if (fseeko(file, (off_t)(header->e_shoff + i * sizeof section), SEEK_SET) != 0 ||
        fread(&section, sizeof section, 1, file) != 1)
      return halftone_fail(HALFTONE_CANNOT_OPEN, "cannot read '%s'", path);
    if (section.sh_type == SHT_NULL)
      return refuse_damaged(path, "its end is empty, as after a copy or download that did not finish");
  }
  return HALFTONE_OK;
}

/** What segments have to say of themselves beyond lying in the file: `end` is where the last loaded one ended. */
static halftone_status check_segment(const char *path, const Elf64_Phdr *segment, uint64_t *end) {
  if (segment->p_type != PT_LOAD)
    return HALFTONE_OK;
  uint64_t align = segment->p_align;
  if (segment->p_filesz > segment->p_memsz || segment->p_vaddr < *end || segment->p_memsz > (UINT64_C(1) << 47) - 1 ||
      segment->p_vaddr > (UINT64_C(1) << 47) - 1)
    return refuse_damaged(path, "its segments overlap or have impossible sizes");
  if (align & (align - 1) || (align && (segment->p_vaddr - segment->p_offset) & (align - 1)))
    return refuse_damaged(path, "its segments are not aligned");
  *end = segment->p_vaddr + segment->p_memsz;
  return HALFTONE_OK;
}

static halftone_status check_segments(const char *path, FILE *file, const Elf64_Ehdr *header, uint64_t file_bytes) {
  uint64_t table_bytes = (uint64_t)header->e_phnum * sizeof(Elf64_Phdr);
  if (header->e_phoff > file_bytes || table_bytes > file_bytes - header->e_phoff ||
      fseeko(file, (off_t)header->e_phoff, SEEK_SET) != 0)
    return halftone_fail(HALFTONE_NOT_A_MODEL, "'%s' is damaged: its program headers lie outside the file", path);
  uint64_t end = 0;
  int has_dynamic = 0;
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    Elf64_Phdr segment;
    if (fread(&segment, sizeof segment, 1, file) != 1)
      return halftone_fail(HALFTONE_CANNOT_OPEN, "cannot read '%s'", path);
    if (segment.p_type == PT_INTERP)
      return halftone_fail(HALFTONE_NOT_A_MODEL, "'%s' is an executable; if it is a model, run it directly", path);
    if (segment.p_filesz > file_bytes || segment.p_offset > file_bytes - segment.p_filesz)
      return halftone_fail(HALFTONE_NOT_A_MODEL,
                           "'%s' is truncated: it has %llu bytes and a segment ends at %llu; copy or compile it again",
                           path, (unsigned long long)file_bytes,
                           (unsigned long long)(segment.p_offset + segment.p_filesz));
    halftone_status status = check_segment(path, &segment, &end);
    if (status)
      return status;
    has_dynamic |= segment.p_type == PT_DYNAMIC && segment.p_filesz >= sizeof(Elf64_Dyn);
  }
  if (!has_dynamic || end == 0)
    return refuse_damaged(path, "it has no dynamic section");
  return check_end(path, file, header, file_bytes);
}

static halftone_status check_file(const char *path, FILE *file, uint64_t file_bytes) {
  Elf64_Ehdr header;
  memset(&header, 0, sizeof header);
  size_t bytes = fread(&header, 1, sizeof header, file);
  if (ferror(file))
    return halftone_fail(HALFTONE_CANNOT_OPEN, "cannot read '%s': %s", path, strerror(errno));
  if (bytes < SELFMAG || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return refuse_foreign(path, (const char *)&header, bytes);
  if (bytes < sizeof header)
    return halftone_fail(HALFTONE_NOT_A_MODEL, "'%s' is truncated: it has %zu bytes; copy or compile it again", path,
                         bytes);
  halftone_status status = check_header(path, &header);
  return status ? status : check_segments(path, file, &header, file_bytes);
}

halftone_status halftone_check_shared_object(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0)
    return halftone_fail(HALFTONE_CANNOT_OPEN, "cannot open '%s': %s", path, strerror(errno));
  if (S_ISDIR(info.st_mode))
    return halftone_fail(HALFTONE_CANNOT_OPEN,
                         "'%s' is a folder; compile it with quant-compile and give the shared object", path);
  if (!S_ISREG(info.st_mode))
    return halftone_fail(HALFTONE_CANNOT_OPEN, "'%s' is no regular file", path);
  FILE *file = fopen(path, "rb");
  if (!file)
    return halftone_fail(HALFTONE_CANNOT_OPEN, "cannot open '%s': %s", path, strerror(errno));
  halftone_status status = check_file(path, file, (uint64_t)info.st_size);
  fclose(file);
  return status;
}
