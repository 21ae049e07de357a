/*
 * Loaded before libc (LD_PRELOAD): counts the file-system calls of a process on files below one directory, and makes the n-th one fail or
 * kills the process there. All threads share the count. Set by the environment:
 *   FAULTS_BELOW  the directory, an absolute path without links
 *   FAULTS_LOG    where each counted call is written: number, name, path
 *   FAULTS_AT     the number of the call, from 1; absent: none
 *   FAULTS_KIND   kill   SIGKILL instead of the call
 *                 torn   half of a write, then SIGKILL
 *                 short  half of a write, as its result
 *                 full   a disk that is full from here on: half of a write, then ENOSPC for all calls that need space
 *                 a number: the call fails with this errno
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum need { NOTHING, SPACE };
/* What a call does: PASS, HALF of it, or fail with this errno. */
enum { PASS = 0, HALF = -1 };

static const char *below;
static size_t below_length;
static const char *kind;
static unsigned at;
static int log_fd = -1;
static atomic_uint count;

__attribute__((constructor)) static void start(void) {
  const char *number = getenv("FAULTS_AT");
  const char *log = getenv("FAULTS_LOG");
  below = getenv("FAULTS_BELOW");
  if (below == NULL) return;
  below_length = strlen(below);
  kind = getenv("FAULTS_KIND");
  at = number == NULL ? 0 : (unsigned)atoi(number);
  /* Past the wrappers below. High, so that programs get the descriptors that they would get without it. */
  int fd = log == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  log_fd = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 900);
}

static int is_below(const char *path) {
  return below != NULL && path != NULL && strncmp(path, below, below_length) == 0 &&
         (path[below_length] == '/' || path[below_length] == '\0');
}

/* The path of a descriptor; empty where it has none. */
static const char *path_of(int fd, char *buffer, size_t size) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, size - 1);
  buffer[length < 0 ? 0 : length] = '\0';
  return buffer;
}

static void die(void) {
  syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
  for (;;) pause();
}

static int decide(unsigned n, int is_write, enum need need) {
  if (at == 0 || kind == NULL || n < at) return PASS;
  if (strcmp(kind, "full") == 0) {
    if (need != SPACE) return PASS;
    return n == at && is_write ? HALF : ENOSPC;
  }
  if (n != at) return PASS;
  if (strcmp(kind, "kill") == 0) die();
  if (strcmp(kind, "torn") == 0 || strcmp(kind, "short") == 0) return is_write ? HALF : PASS;
  return atoi(kind);
}

static int gate_path(const char *name, const char *path, int is_write, enum need need) {
  if (!is_below(path)) return PASS;
  unsigned n = atomic_fetch_add(&count, 1) + 1;
  if (log_fd >= 0) {
    char line[4200];
    int length = snprintf(line, sizeof line, "%u %s %s\n", n, name, path);
    syscall(SYS_write, log_fd, line, length < (int)sizeof line ? length : (int)sizeof line - 1);
  }
  return decide(n, is_write, need);
}

static int gate_fd(const char *name, int fd, int is_write, enum need need) {
  if (below == NULL) return PASS;
  int before = errno;
  char path[4096];
  path_of(fd, path, sizeof path);
  errno = before;
  return gate_path(name, path, is_write, need);
}

static int gate_at(const char *name, int directory, const char *path, enum need need) {
  if (below == NULL || path == NULL) return PASS;
  if (path[0] == '/') return gate_path(name, path, 0, need);
  return directory == AT_FDCWD ? PASS : gate_fd(name, directory, 0, need);
}

#define NEXT(type, name) \
  static type (*next)() = NULL; \
  if (next == NULL) next = (type(*)())dlsym(RTLD_NEXT, name);

#define REFUSE(verdict, value) \
  if ((verdict) > 0) { \
    errno = (verdict); \
    return value; \
  }

/* A call that does nothing but fail or pass. */
#define WRAP(type, name, parameters, gate, arguments, failed) \
  type name parameters { \
    NEXT(type, #name) \
    int verdict = gate; \
    REFUSE(verdict, failed) \
    return next arguments; \
  }

#define WRAP_OPEN(name) \
  int name(const char *path, int flags, ...) { \
    NEXT(int, #name) \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    int verdict = gate_path(flags & O_CREAT ? "open-create" : "open", path, 0, flags & O_CREAT ? SPACE : NOTHING); \
    REFUSE(verdict, -1) \
    return next(path, flags, mode); \
  }

#define WRAP_OPENAT(name) \
  int name(int directory, const char *path, int flags, ...) { \
    NEXT(int, #name) \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    int verdict = gate_at(flags & O_CREAT ? "open-create" : "open", directory, path, flags & O_CREAT ? SPACE : NOTHING); \
    REFUSE(verdict, -1) \
    return next(directory, path, flags, mode); \
  }

WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

static ssize_t halved(ssize_t result) {
  if (strcmp(kind, "torn") == 0) die();
  return result;
}

static size_t half(size_t size) {
  return size > 1 ? size / 2 : size;
}

ssize_t write(int fd, const void *data, size_t size) {
  NEXT(ssize_t, "write")
  int verdict = gate_fd("write", fd, 1, SPACE);
  REFUSE(verdict, -1)
  return verdict == HALF ? halved(next(fd, data, half(size))) : next(fd, data, size);
}

#define WRAP_PWRITE(name) \
  ssize_t name(int fd, const void *data, size_t size, off_t offset) { \
    NEXT(ssize_t, #name) \
    int verdict = gate_fd("pwrite", fd, 1, SPACE); \
    REFUSE(verdict, -1) \
    return verdict == HALF ? halved(next(fd, data, half(size), offset)) : next(fd, data, size, offset); \
  }
WRAP_PWRITE(pwrite)
WRAP_PWRITE(pwrite64)

/* Half of a vector is half of its first part. */
ssize_t writev(int fd, const struct iovec *parts, int number) {
  NEXT(ssize_t, "writev")
  int verdict = gate_fd("writev", fd, 1, SPACE);
  REFUSE(verdict, -1)
  if (verdict != HALF) return next(fd, parts, number);
  struct iovec first = {parts[0].iov_base, half(parts[0].iov_len)};
  return halved(next(fd, &first, 1));
}

#define WRAP_PWRITEV(name) \
  ssize_t name(int fd, const struct iovec *parts, int number, off_t offset) { \
    NEXT(ssize_t, #name) \
    int verdict = gate_fd("pwritev", fd, 1, SPACE); \
    REFUSE(verdict, -1) \
    if (verdict != HALF) return next(fd, parts, number, offset); \
    struct iovec first = {parts[0].iov_base, half(parts[0].iov_len)}; \
    return halved(next(fd, &first, 1, offset)); \
  }
WRAP_PWRITEV(pwritev)
WRAP_PWRITEV(pwritev64)

WRAP(ssize_t, read, (int fd, void *data, size_t size), gate_fd("read", fd, 0, NOTHING), (fd, data, size), -1)
WRAP(ssize_t, pread, (int fd, void *data, size_t size, off_t offset), gate_fd("read", fd, 0, NOTHING), (fd, data, size, offset), -1)
WRAP(ssize_t, pread64, (int fd, void *data, size_t size, off_t offset), gate_fd("read", fd, 0, NOTHING), (fd, data, size, offset), -1)
WRAP(ssize_t, sendfile, (int to, int from, off_t *offset, size_t size), gate_fd("sendfile", to, 0, SPACE), (to, from, offset, size), -1)
WRAP(ssize_t, sendfile64, (int to, int from, off_t *offset, size_t size), gate_fd("sendfile", to, 0, SPACE), (to, from, offset, size), -1)
WRAP(int, fsync, (int fd), gate_fd("fsync", fd, 0, NOTHING), (fd), -1)
WRAP(int, fdatasync, (int fd), gate_fd("fsync", fd, 0, NOTHING), (fd), -1)
WRAP(int, ftruncate, (int fd, off_t size), gate_fd("ftruncate", fd, 0, SPACE), (fd, size), -1)
WRAP(int, ftruncate64, (int fd, off_t size), gate_fd("ftruncate", fd, 0, SPACE), (fd, size), -1)
WRAP(int, fchmod, (int fd, mode_t mode), gate_fd("chmod", fd, 0, NOTHING), (fd, mode), -1)
WRAP(int, fchown, (int fd, uid_t user, gid_t group), gate_fd("chown", fd, 0, NOTHING), (fd, user, group), -1)
WRAP(int, futimens, (int fd, const struct timespec *times), gate_fd("utimes", fd, 0, NOTHING), (fd, times), -1)
WRAP(int, chmod, (const char *path, mode_t mode), gate_path("chmod", path, 0, NOTHING), (path, mode), -1)
WRAP(int, chown, (const char *path, uid_t user, gid_t group), gate_path("chown", path, 0, NOTHING), (path, user, group), -1)
WRAP(int, mkdir, (const char *path, mode_t mode), gate_path("mkdir", path, 0, SPACE), (path, mode), -1)
WRAP(int, rmdir, (const char *path), gate_path("rmdir", path, 0, NOTHING), (path), -1)
WRAP(int, unlink, (const char *path), gate_path("unlink", path, 0, NOTHING), (path), -1)
WRAP(int, remove, (const char *path), gate_path("unlink", path, 0, NOTHING), (path), -1)
WRAP(int, unlinkat, (int directory, const char *path, int flags), gate_at("unlink", directory, path, NOTHING), (directory, path, flags), -1)
WRAP(int, rename, (const char *from, const char *to), gate_path("rename", to, 0, SPACE), (from, to), -1)
WRAP(int, link, (const char *from, const char *to), gate_path("link", to, 0, SPACE), (from, to), -1)
WRAP(int, symlink, (const char *from, const char *to), gate_path("symlink", to, 0, SPACE), (from, to), -1)
WRAP(int, utimensat, (int directory, const char *path, const struct timespec times[2], int flags),
     gate_at("utimes", directory, path, NOTHING), (directory, path, times, flags), -1)
WRAP(char *, mkdtemp, (char *path), gate_path("mkdir", path, 0, SPACE), (path), NULL)
WRAP(int, scandir,
     (const char *path, struct dirent ***names, int (*filter)(const struct dirent *),
      int (*compare)(const struct dirent **, const struct dirent **)),
     gate_path("scandir", path, 0, NOTHING), (path, names, filter, compare), -1)
WRAP(int, scandir64,
     (const char *path, struct dirent64 ***names, int (*filter)(const struct dirent64 *),
      int (*compare)(const struct dirent64 **, const struct dirent64 **)),
     gate_path("scandir", path, 0, NOTHING), (path, names, filter, compare), -1)
WRAP(DIR *, opendir, (const char *path), gate_path("scandir", path, 0, NOTHING), (path), NULL)
