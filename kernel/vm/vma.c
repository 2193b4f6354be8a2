/* SPDX-License-Identifier: MIT
 * vm/vma.c - the vmas of a space: a tree by address
 *
 * Owns:      struct vma: its place in space->vmas and in mapping->vmas.
 * Layer:     vm.  Uses mem (slab), sched (mutex).
 * Locks:     space->lock for writing, except vma_find (reading is enough).  start, end and pgoff of a file's
 *            vma change only with mapping->vmas_lock as well: truncate reads them with that lock alone.
 * Contexts:  process context; may sleep.
 * Manual:    mmap(2).
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 *
 * Theory
 * ------
 * vmas do not overlap, so the tree is ordered by start and by end alike, and "the first vma with end > addr"
 * is one descent.  Most faults hit the vma of the fault before: space->last remembers it.
 *
 * Two neighbours that differ in nothing but their place are one vma: this keeps the tree small when a program
 * maps memory piece by piece.  Anonymous memory has no file offset and always continues; a file must continue
 * at the right page.
 */
#include "internal.h"

static struct kmem_cache *vma_cache;

struct vma *vma_alloc(void)
{
	if (unlikely(!vma_cache)) /* made by vm_init: the first space comes later */
		return NULL;
	return kmem_cache_alloc(vma_cache, 0);
}

void vma_free(struct vma *v)
{
	if (v->ops && v->ops->put)
		v->ops->put(v);
	kmem_cache_free(vma_cache, v);
}

void vma_init_cache(void)
{
	vma_cache = kmem_cache_create("vm_area", sizeof(struct vma), 0);
}

struct vma *vma_find(struct vm_space *s, uaddr_t addr)
{
	struct vma *best = atomic_load(&s->last);

	if (best && addr >= best->start && addr < best->end)
		return best;

	best = NULL;
	for (struct rb_node *n = s->vmas.node; n;) {
		struct vma *v = rb_entry(n, struct vma, rb);

		if (addr < v->end) {
			best = v;
			if (addr >= v->start)
				break;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	if (best && addr >= best->start)
		atomic_store(&s->last, best); /* readers race; each value is good */
	return best;
}

struct vma *vma_next(const struct vma *v)
{
	struct rb_node *n = rb_next(&v->rb);

	return n ? rb_entry(n, struct vma, rb) : NULL;
}

struct vma *vma_prev(const struct vma *v)
{
	struct rb_node *n = rb_prev(&v->rb);

	return n ? rb_entry(n, struct vma, rb) : NULL;
}

struct vma *vma_last(struct vm_space *s)
{
	struct rb_node *n = rb_last(&s->vmas);

	return n ? rb_entry(n, struct vma, rb) : NULL;
}

struct vma *vma_intersect(struct vm_space *s, uaddr_t start, uaddr_t end)
{
	struct vma *v = vma_find(s, start);

	return v && v->start < end ? v : NULL;
}

/* ---- places in the tree ---- */
struct place {
	struct rb_node *parent, **link;
	struct vma *prev, *next;
};

static void find_place(struct vm_space *s, const struct vma *v, struct place *p)
{
	*p = (struct place){ .link = &s->vmas.node };
	while (*p->link) {
		struct vma *at = rb_entry(*p->link, struct vma, rb);

		p->parent = &at->rb;
		if (v->start < at->start) {
			assert(v->end <= at->start);
			p->next = at;
			p->link = &at->rb.left;
		} else {
			assert(v->start >= at->end);
			p->prev = at;
			p->link = &at->rb.right;
		}
	}
}

static void link_mapping(struct vma *v, struct vma *after)
{
	if (!v->mapping)
		return;
	mutex_lock(&v->mapping->vmas_lock);
	list_add(&v->mapping_link, after ? &after->mapping_link : &v->mapping->vmas);
	mutex_unlock(&v->mapping->vmas_lock);
}

void vma_unlink_mapping(struct vma *v)
{
	if (!v->mapping)
		return;
	mutex_lock(&v->mapping->vmas_lock);
	list_del(&v->mapping_link);
	mutex_unlock(&v->mapping->vmas_lock);
}

static void tree_insert(struct vm_space *s, struct vma *v, struct rb_node *parent, struct rb_node **link)
{
	assert(v->start < v->end && v->end <= USER_TOP);
	v->space = s;
	list_init(&v->mapping_link);
	rb_insert(&s->vmas, &v->rb, parent, link);
	s->nr_vmas++;
}

void vma_link(struct vm_space *s, struct vma *v, struct vma *after)
{
	struct place p;

	find_place(s, v, &p);
	tree_insert(s, v, p.parent, p.link);
	link_mapping(v, after);
	vm_account(s, v->flags, (s64)vma_pages(v));
}

static void tree_erase(struct vm_space *s, struct vma *v)
{
	rb_erase(&s->vmas, &v->rb);
	assert(s->nr_vmas > 0);
	s->nr_vmas--;
	if (s->last == v)
		s->last = NULL;
}

void vma_unlink(struct vm_space *s, struct vma *v)
{
	tree_erase(s, v);
	vma_unlink_mapping(v);
	vm_account(s, v->flags, -(s64)vma_pages(v));
}

/* ---- merging and splitting ---- */
/* `a` ends where `b` starts: is b the continuation of a? */
static bool continues(const struct vma *a, const struct vma *b)
{
	if (a->end != b->start || a->flags != b->flags || a->mapping != b->mapping || a->file != b->file ||
	    a->ops != b->ops || a->name != b->name || (a->flags & VM_SPECIAL))
		return false;
	return !a->mapping || a->pgoff + vma_pages(a) == b->pgoff;
}

void vma_set_range(struct vma *v, uaddr_t start, uaddr_t end, u64 pgoff) NO_LOCK_CHECK
{
	if (v->mapping)
		mutex_lock(&v->mapping->vmas_lock);
	v->start = start;
	v->end = end;
	v->pgoff = pgoff;
	if (v->mapping)
		mutex_unlock(&v->mapping->vmas_lock);
}

/* `a` swallows its continuation `b`, which is in the tree. */
static void absorb_next(struct vm_space *s, struct vma *a, struct vma *b) MUST_HOLD(&s->lock)
{
	/* First grow, then unlink: a truncate in between finds the pages twice rather than never. */
	a->has_anon |= b->has_anon;
	vma_set_range(a, a->start, b->end, a->pgoff);
	tree_erase(s, b);
	vma_unlink_mapping(b);
	vma_free(b);
}

struct vma *vma_merge(struct vm_space *s, struct vma *v)
{
	struct vma *prev = vma_prev(v), *next = vma_next(v);

	if (next && continues(v, next))
		absorb_next(s, v, next);
	if (prev && continues(prev, v)) {
		absorb_next(s, prev, v);
		v = prev;
	}
	return v;
}

struct vma *vma_insert(struct vm_space *s, struct vma *v)
{
	struct place p;

	find_place(s, v, &p);
	vm_account(s, v->flags, (s64)vma_pages(v));
	if (p.prev && continues(p.prev, v)) {
		p.prev->has_anon |= v->has_anon;
		vma_set_range(p.prev, p.prev->start, v->end, p.prev->pgoff);
		vma_free(v);
		if (p.next && continues(p.prev, p.next))
			absorb_next(s, p.prev, p.next);
		return p.prev;
	}
	if (p.next && continues(v, p.next)) {
		p.next->has_anon |= v->has_anon;
		vma_set_range(p.next, v->start, p.next->end, v->pgoff);
		vma_free(v);
		return p.next;
	}
	tree_insert(s, v, p.parent, p.link);
	link_mapping(v, NULL);
	return v;
}

int vma_split(struct vm_space *s, struct vma *v, uaddr_t addr) NO_LOCK_CHECK
{
	struct vma *upper;
	struct rb_node *parent = &v->rb, **link = &v->rb.right;

	assert(addr > v->start && addr < v->end && IS_ALIGNED(addr, PAGE_SIZE));
	if (s->nr_vmas >= VM_MAX_MAPS)
		return -ENOMEM;
	upper = vma_alloc();
	if (!upper)
		return -ENOMEM;

	*upper = *v;
	upper->start = addr;
	upper->pgoff = vma_index(v, addr);
	list_init(&upper->mapping_link);
	if (upper->ops && upper->ops->get)
		upper->ops->get(upper);

	if (v->mapping)
		mutex_lock(&v->mapping->vmas_lock);
	v->end = addr;
	if (v->mapping) {
		list_add(&upper->mapping_link, &v->mapping_link);
		mutex_unlock(&v->mapping->vmas_lock);
	}
	while (*link) { /* the place right behind v */
		parent = *link;
		link = &parent->left;
	}
	rb_insert(&s->vmas, &upper->rb, parent, link);
	s->nr_vmas++;
	return 0;
}

int vma_set_flags(struct vm_space *s, struct vma *v, uaddr_t start, uaddr_t end, u32 flags, struct vma **out)
{
	int err;

	*out = v;
	if (v->flags == flags)
		return 0;
	if (start > v->start) {
		err = vma_split(s, v, start);
		if (err)
			return err;
		v = vma_next(v);
	}
	if (end < v->end) {
		err = vma_split(s, v, end);
		if (err) {
			vma_merge(s, v);
			return err;
		}
	}
	vm_account(s, v->flags, -(s64)vma_pages(v));
	v->flags = flags;
	vm_account(s, flags, (s64)vma_pages(v));
	*out = v;
	return 0;
}
