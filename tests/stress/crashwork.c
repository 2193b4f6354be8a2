/* SPDX-License-Identifier: MIT
 *
 * tests/stress/crashwork.c - work on a file system that is going to lose its machine, and the look at what is left
 *
 *     crashwork work DIR LOG SEED     never ends: files, a big directory, records, sqlite3 transactions in DIR
 *     crashwork check DIR LOG         after the crash: is all that was promised there?  `crashcheck: ok` or what is wrong
 *
 * The workers write down what has been promised to them (fsync returned, a transaction was committed) in LOG, a disk
 * of its own on which each line has a sector and is there when write(2) returns.  Before something is done that ends
 * an earlier promise (rename, unlink, truncate) that is written down, too.  The lines:
 *
 *     have PATH ID SIZE               the file is there, is file ID, and has at least SIZE bytes
 *     either PATH ID1 SIZE1 ID2 SIZE2 it is one of these two
 *     void PATH, gone PATH            nothing is known of it; it is not there
 *     cut PATH ID SIZE                as void; what is behind SIZE in its block may be zero already, whatever name
 *                                     file ID has
 *     rec PATH N VERSION              record N is of this version or a later one
 *     dir PATH LOW HIGH               the entries LOW .. HIGH - 1 are there
 *     db FILE N                       transaction N and all before it
 *
 * What a file holds follows from its ID and the offset, so that a wrong, foreign or missing byte shows anywhere, also
 * where nothing was promised: a file may be short, but never hold what was not written to it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECTOR = 512, FILES = 30, MAX_FILE = 200000, RECORDS = 16, RECORD = 4096, MANY = 100000 };

static uint64_t random_state;
static int log_fd;
static _Atomic uint64_t *log_next; /* shared by the workers */

static uint32_t rnd(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 11) % n;
}

static void die(const char *what, const char *name)
{
	printf("crashwork: %s %s: %s\n", what, name, strerror(errno));
	exit(1);
}

static void note(const char *format, ...)
{
	static char sector[SECTOR] __attribute__((aligned(4096)));
	uint64_t n = atomic_fetch_add(log_next, 1);
	va_list args;

	memset(sector, 0, SECTOR);
	va_start(args, format);
	vsnprintf(sector, SECTOR, format, args);
	va_end(args);
	if (pwrite(log_fd, sector, SECTOR, (off_t)n * SECTOR) != SECTOR)
		die("log", "");
}

/* The bytes of file `id` at [at, at + n). */
static void fill(char *to, uint64_t id, size_t at, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		uint64_t word =
		        (at + k) / 8 ? (id * 0x9e3779b97f4a7c15ULL) ^ ((at + k) / 8 * 0xff51afd7ed558ccdULL)
		                     : id;

		to[k] = (char)(word >> (at + k) % 8 * 8);
	}
}

static void sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	if (fd < 0 || fsync(fd))
		die("fsync", dir);
	close(fd);
}

/* ---- work: files that come, grow, move and go ---- */

static struct file {
	char path[64];
	char dir[40];
	uint64_t id; /* 0: there is none */
	size_t size;
} files[FILES];
static uint64_t next_id;

static void new_path(const char *top, struct file *f)
{
	snprintf(f->dir, sizeof(f->dir), "%s/d%u", top, rnd(3));
	snprintf(f->path, sizeof(f->path), "%s/%.*s%u", f->dir, (int)rnd(12), "a-long-name-", rnd(1000000));
}

static void write_some(struct file *f, int fd)
{
	static char bytes[40000];
	size_t n = 1 + rnd(rnd(4) ? 5000 : sizeof(bytes));

	if (f->size + n > MAX_FILE)
		n = MAX_FILE - f->size;
	fill(bytes, f->id, f->size, n);
	if (pwrite(fd, bytes, n, (off_t)f->size) != (ssize_t)n)
		die("write", f->path);
	f->size += n;
}

static void op_append(struct file *f)
{
	int fd = open(f->path, O_WRONLY | O_CREAT, 0644);

	if (fd < 0)
		die("open", f->path);
	if (!rnd(4) && fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)f->size, 1 + rnd(60000)) &&
	    errno != EOPNOTSUPP)
		die("fallocate", f->path);
	for (unsigned k = 1 + rnd(3); k; k--)
		write_some(f, fd);
	if (rnd(2)) {
		if (rnd(2) ? fsync(fd) : fdatasync(fd))
			die("fsync", f->path);
		note("have %s %llu %zu", f->path, (unsigned long long)f->id, f->size);
	}
	close(fd);
}

static void op_truncate(struct file *f)
{
	size_t size = 8 + rnd((uint32_t)f->size + 1); /* enough to know it by */
	f->size = size < f->size ? size : f->size;
	note("cut %s %llu %zu", f->path, (unsigned long long)f->id, f->size);
	int fd = open(f->path, O_WRONLY);
	if (fd < 0 || ftruncate(fd, (off_t)f->size) || fsync(fd))
		die("truncate", f->path);
	close(fd);
	note("have %s %llu %zu", f->path, (unsigned long long)f->id, f->size);
}

static void op_rename(const char *top, struct file *f)
{
	struct file to = *f;

	new_path(top, &to);
	if (!access(to.path, F_OK))
		return;
	note("void %s", f->path);
	note("void %s", to.path);
	if (rename(f->path, to.path))
		die("rename", f->path);
	if (rnd(3) == 0) {
		sync_dir(to.dir);
		sync_dir(f->dir);
		note("gone %s", f->path);
		note("have %s %llu 0", to.path, (unsigned long long)f->id);
	}
	*f = to;
}

/* The way programs save: a new file takes an old one's name.  At any time one of them is whole. */
static void op_replace(struct file *f)
{
	struct file new = { .id = ++next_id };
	int fd;

	snprintf(new.path, sizeof(new.path), "%s.new", f->path);
	fd = open(f->path, O_RDONLY);
	if (fd < 0 || fsync(fd))
		die("fsync", f->path);
	close(fd);
	note("void %s", new.path);
	fd = open(new.path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		die("open", new.path);
	write_some(&new, fd);
	if (fsync(fd))
		die("fsync", new.path);
	close(fd);
	note("either %s %llu %zu %llu %zu", f->path, (unsigned long long)f->id, f->size,
	     (unsigned long long)new.id, new.size);
	if (rename(new.path, f->path))
		die("rename", new.path);
	f->id = new.id;
	f->size = new.size;
	if (rnd(2)) {
		sync_dir(f->dir);
		note("have %s %llu %zu", f->path, (unsigned long long)f->id, f->size);
		note("gone %s.new", f->path);
	}
}

static void op_unlink(struct file *f)
{
	note("void %s", f->path);
	if (unlink(f->path))
		die("unlink", f->path);
	if (rnd(3) == 0) {
		sync_dir(f->dir);
		note("gone %s", f->path);
	}
	f->id = 0;
}

static void op_sync_all(const char *top)
{
	int fd = open(top, O_RDONLY);

	if (fd < 0 || syncfs(fd))
		die("syncfs", top);
	close(fd);
	for (int k = 0; k < FILES; k++)
		if (files[k].id)
			note("have %s %llu %zu", files[k].path, (unsigned long long)files[k].id,
			     files[k].size);
}

static void work_files(const char *top)
{
	char dir[64];

	mkdir(top, 0755);
	for (int k = 0; k < 3; k++) {
		snprintf(dir, sizeof(dir), "%s/d%d", top, k);
		mkdir(dir, 0755);
	}
	for (;;) {
		struct file *f = &files[rnd(FILES)];
		uint32_t what = rnd(20);

		if (!f->id) {
			new_path(top, f);
			if (access(f->path, F_OK)) {
				note("void %s", f->path);
				f->id = ++next_id;
				f->size = 0;
				op_append(f);
			}
		} else if (what < 9) {
			op_append(f);
		} else if (what < 11) {
			op_truncate(f);
		} else if (what < 14) {
			op_rename(top, f);
		} else if (what < 16) {
			op_replace(f);
		} else if (what < 19) {
			op_unlink(f);
		} else if (rnd(4) == 0) {
			op_sync_all(top);
		}
	}
}

/* ---- work: a file of records that are written over and over ---- */

struct record { /* one sector of it */
	uint64_t number, version;
	char bytes[SECTOR - 16];
};

static void record_make(struct record *to, uint64_t number, uint64_t version)
{
	for (int s = 0; s < RECORD / SECTOR; s++) {
		to[s].number = number * 8 + s;
		to[s].version = version;
		fill(to[s].bytes, to[s].number * 1000003 + version, 8, sizeof(to[s].bytes));
	}
}

static void work_records(const char *path)
{
	static struct record r[RECORD / SECTOR] __attribute__((aligned(4096)));
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644), direct;
	char *map;

	for (uint64_t k = 0; k < RECORDS; k++) {
		record_make(r, k, 1);
		if (fd < 0 || pwrite(fd, r, RECORD, (off_t)(k * RECORD)) != RECORD)
			die("write", path);
	}
	if (fsync(fd) || (direct = open(path, O_RDWR | O_DIRECT)) < 0)
		die("fsync", path);
	for (int k = 0; k < RECORDS; k++)
		note("rec %s %d 1", path, k);
	map = mmap(NULL, RECORDS * RECORD, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("mmap", path);
	for (uint64_t version = 2;; version++) {
		uint64_t k = rnd(RECORDS);
		uint32_t how = rnd(3);

		record_make(r, k, version);
		if (how == 0)
			memcpy(map + k * RECORD, r, RECORD);
		else if (pwrite(how == 1 ? fd : direct, r, RECORD, (off_t)(k * RECORD)) != RECORD)
			die("write", path);
		if (rnd(3))
			continue;
		if (how == 0 ? msync(map + k * RECORD, RECORD, MS_SYNC) : fdatasync(fd))
			die("msync", path);
		note("rec %s %llu %llu", path, (unsigned long long)k, (unsigned long long)version);
	}
}

/* ---- work: a directory with many entries ---- */

static void entry_name(char *to, size_t size, const char *dir, unsigned k)
{
	snprintf(to, size, "%s/entry number %u %.*s", dir, k, (int)(k * 7 % 40),
	         "the quick brown fox jumps over the lazy dog");
}

static void work_dir(const char *dir)
{
	unsigned low = 0, high = 0;
	char path[256];

	mkdir(dir, 0755);
	for (;;) {
		for (unsigned k = 20 + rnd(200); k; k--) {
			entry_name(path, sizeof(path), dir, high++ % MANY);
			int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
			if (fd < 0)
				die("create", path);
			close(fd);
		}
		sync_dir(dir);
		note("dir %s %u %u", dir, low, high);
		if (high - low < 500 || rnd(2))
			continue;
		unsigned up_to = low + 1 + rnd(high - low);
		note("dir %s %u %u", dir, up_to, high);
		for (; low < up_to; low++) {
			entry_name(path, sizeof(path), dir, low % MANY);
			if (unlink(path))
				die("unlink", path);
		}
	}
}

/* ---- work: sqlite3 ---- */

static void work_sqlite(const char *db, const char *pragmas)
{
	char command[300], line[200];
	int in[2];

	if (pipe(in))
		die("pipe", db);
	snprintf(command, sizeof(command), "stdbuf -oL sqlite3 -batch -bail %s", db);
	if (!fork()) { /* the transactions */
		FILE *to;

		close(in[0]);
		dup2(in[1], 1);
		close(in[1]);
		to = popen(command, "w");
		setlinebuf(to);
		fprintf(to, "%s CREATE TABLE t(n INTEGER, k INTEGER, filler); CREATE INDEX i ON t(n, k);\n",
		        pragmas);
		for (unsigned n = 1;; n++)
			fprintf(to,
			        "BEGIN; INSERT INTO t VALUES(%u, 1, randomblob(%u)), (%u, 2, 'two'), (%u, 3, "
			        "'three');"
			        " UPDATE t SET filler = randomblob(%u) WHERE n = %u; COMMIT; SELECT 'done', "
			        "%u;\n",
			        n, rnd(3000), n, n, rnd(3000), rnd(n) + 1, n);
	}
	close(in[1]);
	FILE *from = fdopen(in[0], "r");
	while (fgets(line, sizeof(line), from)) {
		unsigned n;

		if (sscanf(line, "done|%u", &n) == 1)
			note("db %s %u", db, n);
		else if (strstr(line, "rror"))
			printf("crashwork: sqlite3: %s", line);
	}
	printf("crashwork: sqlite3 has ended\n");
	exit(1);
}

static int has_sqlite(void)
{
	return !system("command -v sqlite3 >/dev/null && command -v stdbuf >/dev/null");
}

static int work(const char *dir, const char *log, uint64_t seed)
{
	int status, nr = has_sqlite() ? 6 : 4;

	log_fd = open(log, O_WRONLY | O_DIRECT);
	if (log_fd < 0)
		log_fd = open(log, O_WRONLY | O_CREAT, 0644);
	log_next = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (log_fd < 0 || chdir(dir))
		die("log", log);
	for (int k = 0; k < nr; k++) {
		if (fork())
			continue;
		random_state = (seed + (uint64_t)k) * 0x9e3779b97f4a7c15ULL + 1;
		next_id = (uint64_t)k << 40;
		k == 0   ? work_files("w0")
		: k == 1 ? work_files("w1")
		: k == 2 ? work_records("records")
		: k == 3 ? work_dir("many")
		: k == 4 ? work_sqlite("delete.db", "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA;")
		         : work_sqlite("wal.db", "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA "
		                                 "wal_autocheckpoint=50;");
	}
	printf("crashwork: %d workers\n", nr);
	fflush(stdout);
	wait(&status);
	return 1; /* none of them ends but by an error */
}

/* ---- check ---- */

static struct promise {
	char path[128];
	uint64_t id[2]; /* 0: that there is none */
	size_t size[2];
	struct promise *next;
} * promises;
/* Files that are being cut: behind the size, up to the end of a block, zeros are right, too. */
static struct cut {
	uint64_t id;
	size_t size;
	struct cut *next;
} * cuts;
static struct {
	char path[64];
	uint64_t version[RECORDS];
} records;
static struct {
	char path[64];
	unsigned low, high;
} many;
static struct {
	char file[64];
	unsigned n;
} dbs[4];
static unsigned nr_notes, nr_wrong;
enum { ANY = -1 };

static void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (nr_wrong++ < 20) {
		printf("crashcheck: ");
		vprintf(format, args);
		printf("\n");
	}
	va_end(args);
}

/* What is known of it; at first that it may be anything: both ids are ANY. */
static struct promise *promise_of(const char *path)
{
	struct promise *p = promises;

	while (p && strcmp(p->path, path))
		p = p->next;
	if (!p) {
		p = calloc(1, sizeof(*p));
		p->id[0] = p->id[1] = (uint64_t)ANY;
		snprintf(p->path, sizeof(p->path), "%s", path);
		p->next = promises;
		promises = p;
	}
	return p;
}

static void set_cut(uint64_t id, size_t size)
{
	struct cut *c = calloc(1, sizeof(*c));

	*c = (struct cut){ id, size, cuts };
	cuts = c;
}

static size_t cut_of(uint64_t id)
{
	const struct cut *c = cuts;

	while (c && c->id != id)
		c = c->next;
	return c ? c->size : MAX_FILE;
}

static void take_file_note(const char *kind, const char *path, const char *rest)
{
	struct promise *p = promise_of(path);
	unsigned long long a = 0, b = 0;

	p->id[0] = p->id[1] = 0;
	p->size[0] = p->size[1] = 0;
	if (!strcmp(kind, "void")) {
		p->id[0] = p->id[1] = (uint64_t)ANY;
	} else if (!strcmp(kind, "cut") && sscanf(rest, "%llu %llu", &a, &b) == 2) {
		set_cut(a, b);
		p->id[0] = p->id[1] = (uint64_t)ANY;
	} else if (!strcmp(kind, "have") && sscanf(rest, "%llu %zu", &a, &p->size[0]) == 2) {
		p->id[0] = p->id[1] = a;
		p->size[1] = p->size[0];
		set_cut(a, MAX_FILE);
	} else if (!strcmp(kind, "either") &&
	           sscanf(rest, "%llu %zu %llu %zu", &a, &p->size[0], &b, &p->size[1]) == 4) {
		p->id[0] = a;
		p->id[1] = b;
	} else if (strcmp(kind, "gone")) {
		wrong("the log says '%s %s %s'", kind, path, rest);
	}
}

static void take_note(char *text)
{
	char *kind = strtok(text, " "), *path = strtok(NULL, " "), *rest = strtok(NULL, "");
	unsigned long long a = 0, b = 0;

	nr_notes++;
	if (!kind || !path) {
		wrong("a line of the log is broken");
	} else if (!strcmp(kind, "rec") && sscanf(rest, "%llu %llu", &a, &b) == 2 && a < RECORDS) {
		snprintf(records.path, sizeof(records.path), "%s", path);
		records.version[a] = b;
	} else if (!strcmp(kind, "dir") && sscanf(rest, "%u %u", &many.low, &many.high) == 2) {
		snprintf(many.path, sizeof(many.path), "%s", path);
	} else if (!strcmp(kind, "db") && sscanf(rest, "%llu", &a) == 1) {
		for (int k = 0; k < 4; k++) {
			if (dbs[k].file[0] && strcmp(dbs[k].file, path))
				continue;
			snprintf(dbs[k].file, sizeof(dbs[k].file), "%s", path);
			dbs[k].n = (unsigned)a;
			break;
		}
	} else {
		take_file_note(kind, path, rest ? rest : "");
	}
}

static void read_log(const char *log)
{
	char sector[SECTOR + 1] = "";
	int fd = open(log, O_RDONLY);

	if (fd < 0)
		die("log", log);
	/* A worker may have been killed between its number and its write: a few sectors are empty then. */
	for (unsigned empty = 0; empty < 100 && read(fd, sector, SECTOR) == SECTOR;) {
		empty = sector[0] ? 0 : empty + 1;
		if (sector[0])
			take_note(sector);
	}
	close(fd);
}

/* The number of a file's bytes that are as they were written; its id from its first bytes. */
static size_t right_bytes(const char *path, size_t *size, uint64_t *id)
{
	static char have[MAX_FILE + 1], want[MAX_FILE + 1];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, have, sizeof(have));
	size_t k = 0, cut;

	if (n < 0) {
		wrong("%s: %s", path, strerror(errno));
		n = 0;
	}
	close(fd);
	*id = 0;
	memcpy(id, have, n < 8 ? (size_t)n : 8);
	cut = cut_of(*id);
	fill(want, *id, 0, (size_t)n);
	while (k < (size_t)n && (have[k] == want[k] || (!have[k] && k >= cut && k / RECORD == cut / RECORD)))
		k++;
	*size = (size_t)n;
	return k;
}

static void check_promise(const struct promise *p)
{
	size_t size = 0, right;
	uint64_t id = 0;
	bool there = !access(p->path, F_OK);

	if (p->id[0] == (uint64_t)ANY)
		return;
	if (!p->id[0] || !there) {
		if (there || p->id[0])
			wrong("%s %s", p->path, there ? "is there, and was removed" : "is lost");
		return;
	}
	right = right_bytes(p->path, &size, &id);
	for (int k = 0; k < 2; k++) {
		uint64_t mask = p->size[k] < 8 ? (1ULL << p->size[k] * 8) - 1 : UINT64_MAX;

		if (!((id ^ p->id[k]) & mask) && size >= p->size[k] && right >= p->size[k])
			return;
	}
	wrong("%s: file %llx, %zu bytes, %zu of them right; promised: %llx with %zu or %llx with %zu",
	      p->path, (unsigned long long)id, size, right, (unsigned long long)p->id[0], p->size[0],
	      (unsigned long long)p->id[1], p->size[1]);
}

/* Whatever else is there holds what was written. */
static void check_tree(const char *top)
{
	DIR *d = opendir(top);
	struct dirent *e;
	size_t size, right;
	uint64_t id;

	if (!d)
		return;
	while ((e = readdir(d))) {
		char path[600];

		snprintf(path, sizeof(path), "%s/%s", top, e->d_name);
		if (e->d_name[0] == '.')
			continue;
		if (e->d_type == DT_DIR) {
			check_tree(path);
			continue;
		}
		right = right_bytes(path, &size, &id);
		if (right != size)
			wrong("%s: %zu bytes, but only %zu are what was written", path, size, right);
	}
	closedir(d);
}

static void check_records(void)
{
	struct record have[RECORD / SECTOR], want[RECORD / SECTOR];
	int fd = records.path[0] ? open(records.path, O_RDONLY) : -1;

	if (records.path[0] && fd < 0)
		wrong("%s is lost", records.path);
	for (unsigned k = 0; fd >= 0 && k < RECORDS; k++) {
		if (!records.version[k])
			continue;
		if (pread(fd, have, RECORD, (off_t)k * RECORD) != RECORD)
			wrong("record %u is lost", k);
		for (unsigned s = 0; s < RECORD / SECTOR; s++) {
			record_make(want, k, have[s].version);
			if (have[s].version < records.version[k] || memcmp(&have[s], &want[s], SECTOR))
				wrong("record %u.%u: number %llu version %llu, promised %llu", k, s,
				      (unsigned long long)have[s].number, (unsigned long long)have[s].version,
				      (unsigned long long)records.version[k]);
		}
	}
	if (fd >= 0)
		close(fd);
}

static void check_many(void)
{
	char path[256];

	for (unsigned k = many.low; k < many.high; k++) {
		entry_name(path, sizeof(path), many.path, k % MANY);
		if (access(path, F_OK))
			wrong("%s is lost (%u to %u were promised)", path, many.low, many.high);
	}
}

static void check_db(const char *file, unsigned promised)
{
	char command[300], line[200] = "";
	unsigned rows = 0, max = 0;

	snprintf(command, sizeof(command),
	         "sqlite3 %s 'pragma integrity_check; select count(*), coalesce(max(n), 0) from t' 2>&1",
	         file);
	FILE *f = popen(command, "r");
	if (!f || !fgets(line, sizeof(line), f) || strcmp(line, "ok\n"))
		wrong("%s: integrity_check says %s", file, line);
	else if (!fgets(line, sizeof(line), f) || sscanf(line, "%u|%u", &rows, &max) != 2 ||
	         rows != 3 * max || max < promised)
		wrong("%s: rows|transactions %s, promised %u", file, line, promised);
	if (f)
		pclose(f);
}

static int check(const char *dir, const char *log)
{
	read_log(log);
	if (chdir(dir))
		die("chdir", dir);
	for (struct promise *p = promises; p; p = p->next)
		check_promise(p);
	check_tree("w0");
	check_tree("w1");
	check_records();
	check_many();
	for (int k = 0; k < 4; k++)
		if (dbs[k].n)
			check_db(dbs[k].file, dbs[k].n);
	if (!nr_wrong)
		printf("crashcheck: ok, %u notes, %u entries, %u and %u transactions\n", nr_notes, many.high,
		       dbs[0].n, dbs[1].n);
	return nr_wrong != 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "work"))
		return work(argv[2], argv[3], strtoull(argv[4], NULL, 0));
	if (argc == 4 && !strcmp(argv[1], "check"))
		return check(argv[2], argv[3]);
	fprintf(stderr, "usage: crashwork work DIR LOG SEED | check DIR LOG\n");
	return 2;
}
