/* SPDX-License-Identifier: MIT
 * tests/abi/loop.c - loop devices: loop(4); and the ioctls of block devices, sd(4), on one of them. */
#include "abi.h"
#include <sys/sysmacros.h>

/* <linux/fs.h>, <linux/hdreg.h>, <linux/loop.h>: the C library's headers lack them. */
enum {
	BLKROSET = 0x125d, BLKROGET, BLKRRPART, BLKGETSIZE, BLKFLSBUF, BLKRASET, BLKRAGET, BLKSSZGET = 0x1268,
	BLKDISCARD = 0x1277, BLKIOMIN, BLKIOOPT, BLKALIGNOFF, BLKPBSZGET, BLKROTATIONAL = 0x127e, BLKZEROOUT,
	HDIO_GETGEO = 0x301,
	LOOP_SET_FD = 0x4c00, LOOP_CLR_FD, LOOP_SET_STATUS64 = 0x4c04, LOOP_GET_STATUS64, LOOP_SET_CAPACITY = 0x4c07,
	LOOP_SET_BLOCK_SIZE = 0x4c09, LOOP_CONFIGURE, LOOP_CTL_GET_FREE = 0x4c82,
	LO_FLAGS_AUTOCLEAR = 4
};
#define BLKBSZGET _IOR(0x12, 112, size_t)
#define BLKBSZSET _IOW(0x12, 113, size_t)
#define BLKGETSIZE64 _IOR(0x12, 114, size_t)
struct hd_geometry {
	unsigned char heads, sectors;
	unsigned short cylinders;
	unsigned long start;
};
struct loop_info64 {
	uint64_t lo_device, lo_inode, lo_rdevice, lo_offset, lo_sizelimit;
	uint32_t lo_number, lo_encrypt_type, lo_encrypt_key_size, lo_flags;
	uint8_t lo_file_name[64], lo_crypt_name[64], lo_encrypt_key[32];
	uint64_t lo_init[2];
};
struct loop_config {
	uint32_t fd, block_size;
	struct loop_info64 info;
	uint64_t reserved[8];
};

enum { MB = 1 << 20 };
static char dev[64];
static int ctl, fd, back;

static int backing_file(const char *name, off_t size)
{
	int f = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	ftruncate(f, size);
	return f;
}

/* Opens a free loop device; several programs may be after one. */
static void bind_free(int file, int flags)
{
	struct loop_config c = { .fd = (unsigned)file, .info.lo_flags = (unsigned)flags };

	strcpy((char *)c.info.lo_file_name, "a name");
	for (int tries = 0; tries < 20; tries++) {
		int n = ioctl(ctl, LOOP_CTL_GET_FREE);

		snprintf(dev, sizeof(dev), "/dev/loop%d", n);
		fd = open(dev, O_RDWR);
		if (ioctl(fd, LOOP_CONFIGURE, &c) == 0)
			return;
		if (errno != EBUSY)
			printf("LOOP_CONFIGURE: %s\n", strerror(errno));
		close(fd);
	}
	printf("no loop device\n");
	exit(1);
}

static void show_numbers(void)
{
	unsigned long n = 0;
	uint64_t bytes = 0;
	unsigned u = 0;
	int i = 0;
	unsigned short s = 0;
	struct hd_geometry g;

	SHOW(ioctl(fd, BLKGETSIZE, &n));
	SHOW_INT(n);
	SHOW(ioctl(fd, BLKGETSIZE64, &bytes));
	SHOW_INT(bytes);
	SHOW(ioctl(fd, BLKSSZGET, &i));
	SHOW_INT(i);
	SHOW(ioctl(fd, BLKPBSZGET, &u));
	SHOW_INT(u);
	SHOW(ioctl(fd, BLKBSZGET, &i));
	SHOW_INT(i);
	SHOW(ioctl(fd, BLKIOMIN, &u));
	SHOW_INT(u);
	SHOW(ioctl(fd, BLKIOOPT, &u));
	SHOW_INT(u);
	SHOW(ioctl(fd, BLKALIGNOFF, &i));
	SHOW_INT(i);
	SHOW(ioctl(fd, BLKROGET, &i));
	SHOW_INT(i);
	SHOW(ioctl(fd, BLKROTATIONAL, &s));
	SHOW(ioctl(fd, BLKRAGET, &n));
	SHOW_INT(n > 0); /* Linux takes it from the disk that holds the file */
	SHOW(ioctl(fd, BLKRASET, 64UL));
	SHOW(ioctl(fd, BLKRAGET, &n));
	SHOW_INT(n);
	i = 1024;
	SHOW(ioctl(fd, BLKBSZSET, &i));
	SHOW(ioctl(fd, BLKBSZGET, &i));
	SHOW_INT(i);
	i = 1000;
	SHOW(ioctl(fd, BLKBSZSET, &i));
	i = 256;
	SHOW(ioctl(fd, BLKBSZSET, &i));
	SHOW(ioctl(fd, BLKFLSBUF, 0));
	SHOW(ioctl(fd, HDIO_GETGEO, &g));
	SHOW(ioctl(fd, BLKRRPART, 0));
	SHOW(ioctl(fd, 0x12ff, 0));
	SHOW(ioctl(fd, TCGETS, &g));
}

static void loop_status(void)
{
	struct loop_info64 i;

	memset(&i, 0xff, sizeof(i));
	if (SHOW(ioctl(fd, LOOP_GET_STATUS64, &i)))
		return;
	struct stat st, dev_st;
	fstat(back, &st);
	fstat(fd, &dev_st);
	printf("offset %llu sizelimit %llu flags %u name '%s' inode %d number %d crypt '%s' %u\n",
	       (unsigned long long)i.lo_offset, (unsigned long long)i.lo_sizelimit, i.lo_flags, i.lo_file_name,
	       i.lo_inode == st.st_ino, i.lo_number == (minor(dev_st.st_rdev)), i.lo_crypt_name, i.lo_encrypt_type);
	printf("block %d major %d size %ld\n", S_ISBLK(dev_st.st_mode), (int)major(dev_st.st_rdev), (long)dev_st.st_size);
}

static void positions(void)
{
	char buf[8192];

	SHOW_INT(lseek(fd, 0, SEEK_END));
	SHOW(lseek(fd, 1, SEEK_END));
	SHOW(lseek(fd, -1, SEEK_SET));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(read(fd, buf, sizeof(buf)));
	SHOW(write(fd, buf, 10));
	SHOW(pread(fd, buf, sizeof(buf), 4 * MB - 100));
	SHOW(pwrite(fd, buf, sizeof(buf), 4 * MB - 100));
	SHOW(pread(fd, buf, 1, 5 * MB));
	SHOW(pwrite(fd, buf, 1, 5 * MB));
	SHOW(pwrite(fd, buf, 0, 5 * MB));
	SHOW(ftruncate(fd, 100));
	SHOW(fsync(fd));
	SHOW(fdatasync(fd));
}

/* What is written to the one is read from the other. */
static void through(void)
{
	char *buf = aligned_alloc(4096, 65536), got[100];
	int direct = open(dev, O_RDWR | O_DIRECT);

	memset(buf, 'x', 65536);
	SHOW(pwrite(fd, "hello", 5, 3 * MB + 10));
	SHOW(pread(fd, got, 5, 3 * MB + 10));
	SHOW(fsync(fd));
	SHOW(pread(back, got, 5, 3 * MB + 10));
	printf("%.5s\n", got);
	SHOW(pread(direct, buf, 4096, 3 * MB));
	printf("%.5s\n", buf + 10);
	memset(buf, 'y', 65536);
	SHOW(pwrite(direct, buf, 65536, 3 * MB));
	SHOW(pread(fd, got, 5, 3 * MB + 10));
	printf("%.5s\n", got);
	SHOW(pread(direct, buf, 512, 512));
	SHOW(pread(direct, buf, 100, 512));
	SHOW(pread(direct, buf, 512, 100));
	SHOW(pread(direct, buf + 512, 512, 0));
	SHOW(pread(direct, buf, 8192, 4 * MB - 4096));
	SHOW(pread(direct, buf, 4096, 4 * MB));
	SHOW(pwrite(direct, buf, 4096, 4 * MB));
	SHOW(fcntl(direct, F_GETFL) & O_DIRECT ? 1 : 0);
	char *m = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 2 * MB);
	memcpy(m + 5000, "mapped", 6);
	SHOW(msync(m, 65536, MS_SYNC));
	SHOW(pread(back, got, 6, 2 * MB + 5000));
	printf("%.6s\n", got);
	munmap(m, 65536);
	close(direct);
	free(buf);
}

static void ranges(void)
{
	uint64_t r[2] = { MB, 65536 };
	char got[8] = "";

	pwrite(fd, "aaaaaaaa", 8, MB + 100);
	SHOW(ioctl(fd, BLKDISCARD, r));
	SHOW(pread(fd, got, 4, MB + 100));
	printf("%d\n", got[0]);
	pwrite(fd, "aaaaaaaa", 8, MB + 100);
	SHOW(ioctl(fd, BLKZEROOUT, r));
	SHOW(pread(fd, got, 4, MB + 100));
	printf("%d\n", got[0]);
	r[0] = 100;
	SHOW(ioctl(fd, BLKDISCARD, r));
	SHOW(ioctl(fd, BLKZEROOUT, r));
	r[0] = 4 * MB;
	r[1] = 512;
	SHOW(ioctl(fd, BLKDISCARD, r));
	r[0] = -512;
	r[1] = 1024;
	SHOW(ioctl(fd, BLKZEROOUT, r));
	int ro = open(dev, O_RDONLY);
	r[0] = 0;
	SHOW(ioctl(ro, BLKDISCARD, r));
	SHOW(write(ro, "x", 1));
	close(ro);
	SHOW(ioctl(fd, BLKDISCARD, (void *)1));
}

static void exclusive(void)
{
	int a, b;

	SHOW_OK(a = open(dev, O_RDWR | O_EXCL));
	SHOW_OK(open(dev, O_RDWR | O_EXCL));
	SHOW_INT(fcntl(a, F_GETFL) & O_EXCL);
	SHOW_OK(b = open(dev, O_RDONLY));
	close(b);
	SHOW(close(a));
	SHOW_OK(a = open(dev, O_RDWR | O_EXCL));
	close(a);
}

static void statuses(void)
{
	struct loop_info64 i = { .lo_offset = 4096, .lo_sizelimit = 10000 };
	char got[4] = "";

	strcpy((char *)i.lo_file_name, "other");
	pwrite(back, "AB", 2, 4096);
	SHOW(ioctl(fd, LOOP_SET_STATUS64, &i));
	loop_status();
	SHOW_INT(lseek(fd, 0, SEEK_END));
	SHOW(pread(fd, got, 2, 0));
	printf("%s\n", got);
	ftruncate(back, 5 * MB);
	i.lo_sizelimit = 0;
	i.lo_offset = 0;
	SHOW(ioctl(fd, LOOP_SET_STATUS64, &i));
	SHOW_INT(lseek(fd, 0, SEEK_END));
	ftruncate(back, 6 * MB);
	SHOW_INT(lseek(fd, 0, SEEK_END));
	SHOW(ioctl(fd, LOOP_SET_CAPACITY, 0));
	SHOW_INT(lseek(fd, 0, SEEK_END));
	i.lo_encrypt_type = 1;
	SHOW(ioctl(fd, LOOP_SET_STATUS64, &i));
	SHOW(ioctl(fd, LOOP_SET_BLOCK_SIZE, 1000UL));
	SHOW(ioctl(fd, LOOP_SET_BLOCK_SIZE, 4096UL));
	int n = 0;
	SHOW(ioctl(fd, BLKSSZGET, &n));
	SHOW_INT(n);
	SHOW(pread(fd, got, 2, 4096));
	SHOW(ioctl(fd, LOOP_SET_FD, back));
}

static void read_only(void)
{
	int f = open("backing", O_RDONLY), n = 7;

	bind_free(f, 0);
	loop_status();
	SHOW(ioctl(fd, BLKROGET, &n));
	SHOW_INT(n);
	SHOW(write(fd, "x", 1));
	SHOW(ioctl(fd, LOOP_CLR_FD, 0));
	close(fd);
	close(f);
}

static void errors(void)
{
	struct loop_info64 i;
	int p[2];

	bind_free(back, 0);
	SHOW(ioctl(fd, LOOP_CLR_FD, 0));
	close(fd);
	fd = open(dev, O_RDWR);
	SHOW(ioctl(fd, LOOP_GET_STATUS64, &i));
	SHOW(ioctl(fd, LOOP_CLR_FD, 0));
	SHOW_INT(lseek(fd, 0, SEEK_END));
	SHOW(read(fd, p, 4));
	SHOW(write(fd, p, 4));
	SHOW(ioctl(fd, LOOP_SET_FD, 99));
	pipe(p);
	SHOW(ioctl(fd, LOOP_SET_FD, p[0]));
	SHOW(ioctl(ctl, 0x4cff, 0));
	SHOW(read(ctl, p, 1));
	close(fd);
}

/* AUTOCLEAR: the last close lets go of the file. */
static void autoclear(void)
{
	struct loop_info64 i;

	bind_free(back, LO_FLAGS_AUTOCLEAR);
	loop_status();
	int second = open(dev, O_RDONLY);
	close(fd);
	SHOW(ioctl(second, LOOP_GET_STATUS64, &i));
	close(second);
	fd = open(dev, O_RDONLY);
	SHOW(ioctl(fd, LOOP_GET_STATUS64, &i));
	close(fd);
}

int main(void)
{
	setbuf(stdout, NULL);
	ctl = open("/dev/loop-control", O_RDWR);
	back = backing_file("backing", 4 * MB);
	bind_free(back, 0);
	loop_status();
	show_numbers();
	positions();
	through();
	ranges();
	exclusive();
	statuses();
	SHOW(ioctl(fd, LOOP_CLR_FD, 0));
	close(fd);
	read_only();
	errors();
	autoclear();
	return 0;
}
