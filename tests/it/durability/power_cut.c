/*
 * Keeps, beside a folder, what a power cut would leave of it.
 *
 * SIGKILL leaves the page cache, so what a killed process wrote is there whether it was synced or not. Preloaded into a
 * process (LD_PRELOAD), this copies a file of the folder POWER_CUT_OF to the folder POWER_CUT_LEAVES whenever the
 * process has synced it. Where a file system may keep a change or lose it, the copy takes what is worse for the process:
 *
 *   - a write counts once its file is synced. That keeps the file's name too, as ext4, xfs and btrfs do;
 *   - a removal counts at once;
 *   - a rename counts once its folder is synced.
 *
 * Only what databases use is here: a file opened with O_SYNC, msync() or syncfs() would keep nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PENDING = 64 };

/* Renames whose folder is not synced yet: places below the folder. */
static struct { char from[PATH_MAX], to[PATH_MAX]; } pending[PENDING];
static int renames;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* A test that goes on without its copy would prove nothing. */
static void fail(const char *what, const char *path) {
    fprintf(stderr, "power cut: cannot %s %s: %s\n", what, path, strerror(errno));
    abort();
}

static void *real(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) fail("find", name);
    return function;
}

static void join(char *into, const char *format, ...) {
    va_list parts;
    va_start(parts, format);
    if (vsnprintf(into, PATH_MAX, format, parts) >= PATH_MAX) fail("name", into);
    va_end(parts);
}

/* Where a path lies below the folder: "/name"; "" is the folder itself. NULL if it lies elsewhere. */
static const char *below(const char *path) {
    const char *folder = getenv("POWER_CUT_OF");
    size_t length = folder ? strlen(folder) : 0;
    if (!length || strncmp(path, folder, length)) return NULL;
    return path[length] == '/' || !path[length] ? path + length : NULL;
}

/* The same for a path as a program gives it, whose last part need not be there. */
static const char *given_below(const char *path, char *buffer) {
    char folder[PATH_MAX], resolved[PATH_MAX];
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    join(folder, "%.*s", (int)(name - path), path);
    if (!realpath(*folder ? folder : ".", resolved)) return NULL;
    join(buffer, "%s/%s", resolved, name);
    return below(buffer);
}

static void copied(char *into, const char *place) {
    join(into, "%s%s", getenv("POWER_CUT_LEAVES"), place);
}

static void make_folders(char *path) {
    for (char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
        *end = 0;
        if (mkdir(path, 0700) && errno != EEXIST) fail("make", path);
        *end = '/';
    }
}

/* Moves a copy, which a kill finds either where it was or where it goes. */
static void move(const char *from, char *to) {
    int (*real_rename)(const char *, const char *) = real("rename");
    make_folders(to);
    if (real_rename(from, to)) fail("rename", from);
}

static void keep(int fd, const char *place) {
    static char buffer[1 << 20];
    char source[PATH_MAX], part[PATH_MAX], to[PATH_MAX];
    ssize_t length;
    off_t at = 0;
    int in = fd, out;
    copied(part, "/.part");
    copied(to, place);
    /* Opened again only where it must be: closing a second descriptor would end the process's locks on the file. */
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
        join(source, "/proc/self/fd/%d", fd);
        if ((in = open(source, O_RDONLY | O_CLOEXEC)) < 0) fail("read", place);
    }
    if ((out = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0) fail("make", part);
    for (; (length = pread(in, buffer, sizeof buffer, at)) > 0; at += length)
        if (write(out, buffer, length) != length) fail("write", part);
    if (length < 0) fail("read", place);
    if (in != fd) close(in);
    close(out);
    move(part, to);
}

static void forget(const char *place) {
    int (*real_unlink)(const char *) = real("unlink");
    char path[PATH_MAX];
    copied(path, place);
    real_unlink(path);
}

static int is_in(const char *place, const char *folder) {
    size_t length = strlen(folder);
    return !strncmp(place, folder, length) && place[length] == '/' && !strchr(place + length + 1, '/');
}

static void keep_renames(const char *folder) {
    int left = 0;
    for (int i = 0; i < renames; i++) {
        if (!is_in(pending[i].to, folder)) {
            pending[left++] = pending[i];
            continue;
        }
        char from[PATH_MAX], to[PATH_MAX];
        copied(from, pending[i].from);
        copied(to, pending[i].to);
        if (!access(from, F_OK)) move(from, to);
        /* A name of something that was never synced: nothing is in it. */
        else forget(pending[i].to);
    }
    renames = left;
}

static void synced(int fd) {
    char link[PATH_MAX], path[PATH_MAX];
    struct stat what;
    join(link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0 || fstat(fd, &what)) fail("find", link);
    path[length] = 0;
    const char *place = below(path);
    if (!place || !what.st_nlink) return;
    if (S_ISDIR(what.st_mode)) keep_renames(place);
    else if (S_ISREG(what.st_mode)) keep(fd, place);
}

static int sync_by(const char *name, int fd) {
    int (*real_sync)(int) = real(name);
    pthread_mutex_lock(&lock);
    int result = real_sync(fd);
    if (!result) synced(fd);
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int fd) { return sync_by("fsync", fd); }

int fdatasync(int fd) { return sync_by("fdatasync", fd); }

int unlink(const char *path) {
    int (*real_unlink)(const char *) = real("unlink");
    char buffer[PATH_MAX];
    pthread_mutex_lock(&lock);
    const char *place = given_below(path, buffer);
    int result = real_unlink(path);
    if (!result && place) forget(place);
    pthread_mutex_unlock(&lock);
    return result;
}

int rename(const char *from, const char *to) {
    int (*real_rename)(const char *, const char *) = real("rename");
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    pthread_mutex_lock(&lock);
    const char *from_place = given_below(from, from_buffer), *to_place = given_below(to, to_buffer);
    int result = real_rename(from, to);
    if (!result && from_place && to_place) {
        if (renames == PENDING) fail("remember", to);
        join(pending[renames].from, "%s", from_place);
        join(pending[renames].to, "%s", to_place);
        renames++;
    }
    pthread_mutex_unlock(&lock);
    return result;
}
