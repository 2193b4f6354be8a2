/* SPDX-License-Identifier: MIT
 * tests/abi/pthread.c - threads as a C library makes them: locks, conditions, keys, cancelling, many at once */
#include "abi.h"
#include <pthread.h>
#include <semaphore.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long counter;
static __thread int tls = 5;
static _Thread_local char tls_text[100] = "initial";

static void *add(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
	}
	return arg;
}
static void mutexes(void)
{
	pthread_t t[8];
	long sum = 0;
	void *r;
	SECTION("mutex");
	for (long i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, add, (void *)(i + 1));
	for (int i = 0; i < 8; i++) {
		pthread_join(t[i], &r);
		sum += (long)r;
	}
	SHOW_INT(counter);
	SHOW_INT(sum);
	pthread_mutexattr_t a;
	pthread_mutex_t m;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &a);
	SHOW_INT(pthread_mutex_unlock(&m) == EPERM);
	SHOW_INT(pthread_mutex_lock(&m));
	SHOW_INT(pthread_mutex_lock(&m) == EDEADLK);
	SHOW_INT(pthread_mutex_trylock(&m) == EBUSY);
	struct timespec ts = { 1, 0 };
	SHOW_INT(pthread_mutex_timedlock(&m, &ts) == EDEADLK);
	SHOW_INT(pthread_mutex_unlock(&m));
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &a);
	SHOW_INT(pthread_mutex_lock(&m) + pthread_mutex_lock(&m) + pthread_mutex_unlock(&m) + pthread_mutex_unlock(&m));
}
static void *timedlock(void *arg)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 50000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return (void *)(long)pthread_mutex_timedlock(&lock, &t);
}
static void timed(void)
{
	pthread_t t;
	void *r;
	SECTION("timed lock");
	pthread_mutex_lock(&lock);
	pthread_create(&t, NULL, timedlock, NULL);
	pthread_join(t, &r);
	SHOW_INT((long)r == ETIMEDOUT);
	pthread_mutex_unlock(&lock);
}

/* ---- a queue with conditions ---- */
static int queue[4], queued, produced, consumed;
static void *producer(void *arg)
{
	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&lock);
		while (queued == 4)
			pthread_cond_wait(&cond, &lock);
		queue[queued++] = i;
		produced++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}
static void *consumer(void *arg)
{
	long sum = 0;
	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&lock);
		while (!queued)
			pthread_cond_wait(&cond, &lock);
		sum += queue[--queued];
		consumed++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&lock);
	}
	return (void *)sum;
}
static void conditions(void)
{
	pthread_t p[3], c[3];
	long sum = 0;
	void *r;
	struct timespec t;
	SECTION("condition");
	for (int i = 0; i < 3; i++) {
		pthread_create(&p[i], NULL, producer, NULL);
		pthread_create(&c[i], NULL, consumer, NULL);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(p[i], NULL);
		pthread_join(c[i], &r);
		sum += (long)r;
	}
	SHOW_INT(produced);
	SHOW_INT(consumed);
	SHOW_INT(sum);
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec = (t.tv_nsec + 20000000) % 1000000000;
	t.tv_sec += t.tv_nsec < 20000000;
	pthread_mutex_lock(&lock);
	SHOW_INT(pthread_cond_timedwait(&cond, &lock, &t) == ETIMEDOUT);
	pthread_mutex_unlock(&lock);
}

static pthread_barrier_t barrier;
static _Atomic int serial, phase_sum;
static void *at_barrier(void *arg)
{
	for (int i = 0; i < 50; i++) {
		phase_sum++;
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
			serial++;
			if (phase_sum % 6)
				printf("barrier passed early: %d\n", phase_sum);
		}
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int both[2];
static _Atomic int torn;
static void *writer(void *arg)
{
	for (int i = 0; i < 300; i++) {
		pthread_rwlock_wrlock(&rwlock);
		both[0]++;
		if (i % 50 == 0)
			sched_yield();
		both[1]++;
		pthread_rwlock_unlock(&rwlock);
	}
	return NULL;
}
static void *reader(void *arg)
{
	for (int i = 0; i < 300; i++) {
		pthread_rwlock_rdlock(&rwlock);
		torn += both[0] != both[1];
		if (i % 50 == 0)
			sched_yield();
		pthread_rwlock_unlock(&rwlock);
	}
	return NULL;
}
static sem_t sem;
static void *poster(void *arg)
{
	for (int i = 0; i < 100; i++)
		sem_post(&sem);
	return NULL;
}
static void barriers(void)
{
	pthread_t t[6];
	SECTION("barrier, rwlock, semaphore");
	pthread_barrier_init(&barrier, NULL, 6);
	for (int i = 0; i < 6; i++)
		pthread_create(&t[i], NULL, at_barrier, NULL);
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	SHOW_INT(serial);
	SHOW_INT(phase_sum);
	for (int i = 0; i < 6; i++)
		pthread_create(&t[i], NULL, i % 2 ? reader : writer, NULL);
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	SHOW_INT(both[0]);
	SHOW_INT(torn);
	sem_init(&sem, 0, 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, poster, NULL);
	for (int i = 0; i < 400; i++)
		sem_wait(&sem);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	SHOW_INT(sem_trywait(&sem) == -1 && errno == EAGAIN);
}

/* ---- data of each thread ---- */
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic int destroyed, inits, tls_wrong;
static void destroy(void *p) { destroyed += (int)(long)p; }
static void init_once(void) { inits++; }
static void *own_data(void *arg)
{
	pthread_once(&once, init_once);
	tls_wrong += tls != 5 || strcmp(tls_text, "initial");
	tls = (int)(long)arg;
	snprintf(tls_text, sizeof tls_text, "%ld", (long)arg);
	pthread_setspecific(key, arg);
	for (int i = 0; i < 20; i++)
		sched_yield();
	tls_wrong += tls != (int)(long)arg || atoi(tls_text) != (int)(long)arg || pthread_getspecific(key) != arg;
	return NULL;
}
static void data(void)
{
	pthread_t t[10];
	SECTION("thread-local data");
	pthread_key_create(&key, destroy);
	for (long i = 0; i < 10; i++)
		pthread_create(&t[i], NULL, own_data, (void *)(i + 1));
	for (int i = 0; i < 10; i++)
		pthread_join(t[i], NULL);
	SHOW_INT(tls_wrong);
	SHOW_INT(destroyed);
	SHOW_INT(inits);
	SHOW_INT(tls);
}

/* ---- cancelling, detaching ---- */
static _Atomic int cleaned, ready;
static void cleanup(void *arg) { cleaned++; }
static void *cancel_me(void *arg)
{
	pthread_cleanup_push(cleanup, NULL);
	if (arg)
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	ready++;
	if (arg)
		for (volatile long i = 0;; i++)
			;
	for (;;)
		sleep(100);
	pthread_cleanup_pop(1);
	return NULL;
}
static void *wait_cond(void *arg)
{
	pthread_mutex_lock(&lock);
	pthread_cleanup_push((void (*)(void *))pthread_mutex_unlock, &lock);
	ready++;
	for (;;)
		pthread_cond_wait(&cond, &lock);
	pthread_cleanup_pop(1);
	return NULL;
}
static void *detached(void *arg)
{
	cleaned++;
	return NULL;
}
static void cancelling(void)
{
	pthread_t t;
	pthread_attr_t a;
	void *r;
	SECTION("cancel and detach");
	for (long async = 0; async < 2; async++) {
		ready = 0;
		pthread_create(&t, NULL, cancel_me, (void *)async);
		while (!ready)
			sleep_ms(1);
		SHOW_INT(pthread_cancel(t));
		pthread_join(t, &r);
		SHOW_INT(r == PTHREAD_CANCELED);
	}
	SHOW_INT(cleaned);
	ready = 0;
	pthread_create(&t, NULL, wait_cond, NULL);
	while (!ready)
		sleep_ms(1);
	sleep_ms(20);
	pthread_cancel(t);
	pthread_join(t, &r);
	SHOW_INT(r == PTHREAD_CANCELED);
	SHOW_INT(pthread_mutex_trylock(&lock));
	pthread_mutex_unlock(&lock);
	cleaned = 0;
	pthread_attr_init(&a);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&a, 65536);
	for (int i = 0; i < 20; i++)
		SHOW_INT(pthread_create(&t, &a, detached, NULL)) ? abort() : (void)0;
	while (cleaned < 20)
		sleep_ms(1);
}

/* ---- signals to threads ---- */
static __thread int my_number;
static _Atomic int got[4];
static void on_usr(int sig) { got[my_number]++; }
static void *idle(void *arg)
{
	sigset_t none;
	my_number = (int)(long)arg;
	sigemptyset(&none);
	ready++;
	while (!got[my_number])
		sleep_ms(5);
	return NULL;
}
static void *taker(void *arg)
{
	sigset_t s;
	int sig = 0;
	sigemptyset(&s);
	sigaddset(&s, SIGUSR2);
	ready++;
	sigwait(&s, &sig);
	return (void *)(long)sig;
}
static void thread_signals(void)
{
	struct sigaction sa = { .sa_handler = on_usr };
	pthread_t t[4];
	sigset_t s;
	void *r;
	SECTION("signals to threads");
	sigaction(SIGUSR1, &sa, NULL);
	ready = 0;
	for (long i = 1; i < 4; i++)
		pthread_create(&t[i], NULL, idle, (void *)i);
	while (ready < 3)
		sleep_ms(1);
	for (int i = 3; i > 0; i--) {
		pthread_kill(t[i], SIGUSR1);
		pthread_join(t[i], NULL);
		printf("got %d %d %d %d\n", got[0], got[1], got[2], got[3]);
	}
	sigemptyset(&s);
	sigaddset(&s, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &s, NULL);
	ready = 0;
	pthread_create(&t[0], NULL, taker, NULL);
	while (!ready)
		sleep_ms(1);
	kill(getpid(), SIGUSR2);
	pthread_join(t[0], &r);
	SHOW_INT((long)r == SIGUSR2);
	pthread_sigmask(SIG_UNBLOCK, &s, NULL);
}

/* ---- many ---- */
static void *fork_in_thread(void *arg)
{
	int st = -1;
	pid_t c = fork();
	if (!c)
		_exit(syscall(SYS_gettid) == getpid() ? 44 : 1);
	waitpid(c, &st, 0);
	return (void *)(long)WEXITSTATUS(st);
}
static pthread_mutex_t many_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t many_cond = PTHREAD_COND_INITIALIZER;
static int many_waiting, many_go;
static void *one_of_many(void *arg)
{
	pthread_mutex_lock(&many_lock);
	many_waiting++;
	pthread_cond_broadcast(&many_cond);
	while (!many_go)
		pthread_cond_wait(&many_cond, &many_lock);
	many_waiting--;
	pthread_mutex_unlock(&many_lock);
	return NULL;
}
static int count_tasks(void)
{
	int n = 0;
	DIR *d = opendir("/proc/self/task");
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}
static void many(void)
{
	enum { N = 200 };
	static pthread_t t[N];
	pthread_attr_t a;
	void *r;
	SECTION("many");
	for (int i = 0; i < 300; i++) {
		pthread_create(&t[0], NULL, detached, NULL);
		pthread_join(t[0], NULL);
	}
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 32768);
	for (int i = 0; i < N; i++)
		pthread_create(&t[i], &a, one_of_many, NULL);
	pthread_mutex_lock(&many_lock);
	while (many_waiting < N)
		pthread_cond_wait(&many_cond, &many_lock);
	while (count_tasks() > N + 1) /* one that was joined may still be on its way out */
		sched_yield();
	SHOW_INT(count_tasks());
	many_go = 1;
	pthread_cond_broadcast(&many_cond);
	pthread_mutex_unlock(&many_lock);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	SHOW_INT(many_waiting);
	for (int i = 0; i < 5; i++)
		pthread_create(&t[i], &a, fork_in_thread, NULL);
	for (int i = 0; i < 5; i++) {
		pthread_join(t[i], &r);
		SHOW_INT((long)r);
	}
}

/* ---- mutexes between processes, robust ones ---- */
static void shared_mutex(void)
{
	struct both { pthread_mutex_t m; pthread_cond_t c; int n; } *b =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t a;
	pthread_condattr_t ca;
	SECTION("between processes");
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_condattr_init(&ca);
	pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&b->m, &a);
	pthread_cond_init(&b->c, &ca);
	for (int i = 0; i < 4; i++)
		if (!fork()) {
			for (int k = 0; k < 500; k++) {
				pthread_mutex_lock(&b->m);
				b->n++;
				pthread_mutex_unlock(&b->m);
			}
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	SHOW_INT(b->n);
	pid_t c = fork();
	if (!c) {
		pthread_mutex_lock(&b->m);
		b->n = -1;
		until_asleep(getppid()); /* in its wait for the lock: before, it only yields */
		raise(SIGKILL);
	}
	while (__atomic_load_n(&b->n, __ATOMIC_SEQ_CST) != -1)
		sched_yield();
	SHOW_INT(pthread_mutex_lock(&b->m) == EOWNERDEAD);
	SHOW_INT(pthread_mutex_consistent(&b->m));
	SHOW_INT(pthread_mutex_unlock(&b->m));
	SHOW_INT(pthread_mutex_lock(&b->m));
	wait(NULL);
	c = fork();
	if (!c) {
		pthread_mutex_lock(&b->m);
		b->n = 1;
		pthread_cond_signal(&b->c);
		pthread_mutex_unlock(&b->m);
		_exit(0);
	}
	b->n = 0;
	while (!b->n)
		pthread_cond_wait(&b->c, &b->m);
	pthread_mutex_unlock(&b->m);
	wait(NULL);
	SHOW_INT(b->n);
}

/* ---- the end of a process with threads ---- */
static void *forever(void *arg)
{
	if (arg)
		for (volatile long i = 0;; i++)
			;
	for (;;)
		pause();
	return NULL;
}
static void *exec_thread(void *arg)
{
	char me[20];
	snprintf(me, sizeof me, "%d", getpid());
	execl("/proc/self/exe", "pthread", me, NULL);
	return NULL;
}
static void *exit_thread(void *arg)
{
	sleep_ms(20);
	exit(12);
}
static void start(int n, void *(*fn)(void *))
{
	pthread_t t;
	for (long i = 0; i < n; i++)
		pthread_create(&t, NULL, forever, (void *)(long)(i % 4 == 0));
	if (fn)
		pthread_create(&t, NULL, fn, NULL);
}
static void ends(void)
{
	SECTION("ends");
	IN_CHILD("exit_group", start(20, NULL); sleep_ms(20); _exit(3));
	IN_CHILD("exit of another thread", start(20, exit_thread); pause());
	IN_CHILD("signal", start(20, NULL); kill(getpid(), SIGTERM); pause());
	IN_CHILD("exec from a thread", start(20, exec_thread); pause());
	IN_CHILD("exec from the leader", start(20, NULL); exec_thread(NULL));
	IN_CHILD("leader exits first", start(0, exit_thread); pthread_exit(NULL));
}

int main(int argc, char **argv)
{
	if (argc > 1) { /* executed by exec_thread: the number has stayed, the threads have gone */
		printf("same pid %d, tid %d, threads %d\n", atoi(argv[1]) == getpid(), syscall(SYS_gettid) == getpid(),
		       count_tasks());
		return 0;
	}
	mutexes();
	timed();
	conditions();
	barriers();
	data();
	cancelling();
	thread_signals();
	many();
	shared_mutex();
	ends();
	return 0;
}
