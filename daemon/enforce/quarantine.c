// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/quarantine.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/enforce/cut.h"
#include "daemon/enforce/group.h"
#include "daemon/enforce/tree.h"

#define PASSES_MAX    4
#define LOOKS_MAX     8192 /* at processes, of a pass */
#define CHILDREN_MAX  8192 /* that wait to be looked at */
#define SOCKETS_MAX   2048 /* that a call looks for */
#define CUTS_MAX      (SOCKETS_MAX / CUT_SOCKETS_MAX + 1)
#define TREE_NAME_MAX 48

/* A tree, by its first process. */
struct held {
	struct process_id id;
	char *origin; /* directory it came from */
	char image[QUARANTINE_IMAGE_MAX];
};

/* The group of those trees that there is no other for. */
static const struct process_id crowd;

struct quarantine {
	struct quarantine_config config;
	char mount[PATH_MAX]; /* where groups are */
	char *path; /* of the outer group, as /proc tells it */
	int dir;
	uint64_t id;
	struct held held[QUARANTINE_LIST_MAX];
	size_t held_count;
	size_t next; /* that quarantine_tick() looks at */
	/* of a call */
	uint32_t pids[CHILDREN_MAX];
	size_t pid_count;
	uint32_t sockets[SOCKETS_MAX];
	size_t socket_count;
};

/* Where the root is among all groups: "" for the uppermost. */
static const char *below_mount(const struct quarantine *quarantine,
			       const char *root)
{
	size_t len = strlen(quarantine->mount);

	if (strncmp(root, quarantine->mount, len) != 0 ||
	    (root[len] != '\0' && root[len] != '/'))
		return NULL;
	return root + len;
}

static void name_of(const struct process_id *id, char name[TREE_NAME_MAX])
{
	(void)snprintf(name, TREE_NAME_MAX, "%u-%llu", id->pid,
		       (unsigned long long)id->start_ns);
}

static bool is_name(const char *name, struct process_id *ret_id)
{
	char again[TREE_NAME_MAX];
	char *end;

	ret_id->pid = (uint32_t)strtoul(name, &end, 10);
	if (*end != '-')
		return false;
	ret_id->start_ns = strtoull(end + 1, NULL, 10);
	name_of(ret_id, again);
	return strcmp(name, again) == 0;
}

static struct held *find(struct quarantine *quarantine,
			 const struct process_id *id)
{
	for (size_t i = 0; i < quarantine->held_count; i++)
		if (subject_is(&quarantine->held[i].id, id))
			return &quarantine->held[i];
	return NULL;
}

static bool has_place(struct quarantine *quarantine,
		      const struct process_id *id)
{
	return id->pid == crowd.pid ||
	       quarantine->held_count - (find(quarantine, &crowd) ? 1 : 0) <
		       QUARANTINE_TREES_MAX;
}

/* Trees that somebody put in before; they go to the root when released. */
static int adopt(struct quarantine *quarantine, const char *origin)
{
	int fd = openat(quarantine->dir, ".",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!list) {
		closep(&fd);
		return -errno;
	}
	while (r == 0 && (entry = readdir(list))) {
		struct process_id id;

		if (!is_name(entry->d_name, &id) ||
		    !has_place(quarantine, &id) ||
		    quarantine->held_count == QUARANTINE_LIST_MAX)
			continue;
		quarantine->held[quarantine->held_count] =
			(struct held){.id = id, .origin = strdup(origin)};
		if (quarantine->held[quarantine->held_count].origin)
			quarantine->held_count++;
		else
			r = -ENOMEM;
	}
	(void)closedir(list);
	return r;
}

static int make(struct quarantine *quarantine)
{
	const char *root = quarantine->config.root;
	const char *below;
	char path[PATH_MAX];
	int r = group_root(quarantine->mount);

	below = r < 0 ? NULL : below_mount(quarantine, root);
	if (!below)
		return r < 0 ? r : -EINVAL;
	if (snprintf(path, sizeof(path), "%s/" QUARANTINE_NAME, root) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	if (asprintf(&quarantine->path, "%s/" QUARANTINE_NAME, below) < 0) {
		quarantine->path = NULL;
		return -ENOMEM;
	}
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	r = group_open(path, &quarantine->dir, &quarantine->id);
	return r < 0 ? r : adopt(quarantine, below);
}

int quarantine_new(const struct quarantine_config *config,
		   struct quarantine **ret_quarantine,
		   char note[QUARANTINE_NOTE_MAX])
{
	struct quarantine *quarantine = calloc(1, sizeof(*quarantine));
	int r;

	assert(config);
	assert(ret_quarantine);

	note[0] = '\0';
	if (!quarantine)
		return -ENOMEM;
	quarantine->config = *config;
	quarantine->dir = -1;
	r = make(quarantine);
	if (r < 0) {
		(void)snprintf(note, QUARANTINE_NOTE_MAX,
			       "the control group of the quarantine cannot be "
			       "made: %s",
			       strerror(-r));
		quarantine_free(quarantine);
		return r;
	}
	*ret_quarantine = quarantine;
	return 0;
}

/* A group with processes in it stays; its outer one then does, too. */
void quarantine_free(struct quarantine *quarantine)
{
	char name[TREE_NAME_MAX];

	if (!quarantine)
		return;

	for (size_t i = 0; i < quarantine->held_count; i++) {
		name_of(&quarantine->held[i].id, name);
		(void)unlinkat(quarantine->dir, name, AT_REMOVEDIR);
		free(quarantine->held[i].origin);
	}
	if (quarantine->dir >= 0) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "%s/" QUARANTINE_NAME,
			       quarantine->config.root);
		(void)rmdir(path);
	}
	closep(&quarantine->dir);
	free(quarantine->path);
	free(quarantine);
}

int quarantine_dir(const struct quarantine *quarantine)
{
	return quarantine->dir;
}

uint64_t quarantine_id(const struct quarantine *quarantine)
{
	return quarantine->id;
}

static bool is_inside(const struct quarantine *quarantine, const char *group)
{
	size_t len = strlen(quarantine->path);

	return strncmp(group, quarantine->path, len) == 0 &&
	       (group[len] == '\0' || group[len] == '/');
}

/* The tree whose group this is. */
static bool tree_of(const struct quarantine *quarantine, const char *group,
		    struct process_id *ret_id)
{
	char name[TREE_NAME_MAX];

	if (!is_inside(quarantine, group))
		return false;
	group += strlen(quarantine->path);
	group += *group == '/';
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(group, "/"),
		       group);
	return is_name(name, ret_id);
}

/* Where it belongs. -EALREADY: to another tree, and it is there. */
static int choose(struct quarantine *quarantine, const struct subject *top,
		  struct process_id *ret_id)
{
	struct process_id now;

	*ret_id = top->id;
	if (find(quarantine, &top->id))
		return 0;
	if (!is_inside(quarantine, top->cgroup)) {
		if (!has_place(quarantine, &top->id))
			*ret_id = crowd;
		return 0;
	}
	if (!tree_of(quarantine, top->cgroup, &now) ||
	    !subject_is(&now, &crowd))
		return -EALREADY;
	*ret_id = crowd;
	return 0;
}

static char *origin_of(const struct quarantine *quarantine,
		       const struct process_id *id, const struct subject *top)
{
	size_t inner = sizeof("/" QUARANTINE_NAME) - 1;

	if (id->pid != crowd.pid)
		return strdup(top->cgroup);
	return strndup(quarantine->path, strlen(quarantine->path) - inner);
}

static int hold(struct quarantine *quarantine, const struct process_id *id,
		const struct subject *top)
{
	struct held *held = &quarantine->held[quarantine->held_count];
	char name[TREE_NAME_MAX];

	if (find(quarantine, id))
		return 0;
	name_of(id, name);
	if (mkdirat(quarantine->dir, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	*held = (struct held){
		.id = *id,
		.origin = origin_of(quarantine, id, top),
	};
	if (!held->origin)
		return -ENOMEM;
	if (id->pid != crowd.pid)
		(void)snprintf(held->image, sizeof(held->image), "%.*s",
			       (int)sizeof(held->image) - 1, top->exe);
	quarantine->held_count++;
	return 0;
}

/* Only when nobody is in it any more. */
static bool let_go(struct quarantine *quarantine, struct held *held)
{
	char name[TREE_NAME_MAX];

	name_of(&held->id, name);
	if (unlinkat(quarantine->dir, name, AT_REMOVEDIR) < 0 &&
	    errno != ENOENT)
		return false;
	free(held->origin);
	*held = quarantine->held[--quarantine->held_count];
	return true;
}

/* The file through which processes of a tree come and are listed. */
static int open_procs(const struct quarantine *quarantine,
		      const struct process_id *id, int flags)
{
	char name[TREE_NAME_MAX], path[TREE_NAME_MAX + 16];
	int fd;

	name_of(id, name);
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", name);
	fd = openat(quarantine->dir, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The kernel knows processes by number alone here. Numbers go round, so one
 * is not another's within the moment since it was looked at. */
static int move(int procs, uint32_t pid)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", pid);

	return write(procs, text, (size_t)len) < 0 ? -errno : 0;
}

static void list_sockets(struct quarantine *quarantine,
			 const struct subject *subject)
{
	quarantine->socket_count += tree_sockets(
		subject, quarantine->sockets + quarantine->socket_count,
		SOCKETS_MAX - quarantine->socket_count);
}

/* Children are looked for behind the move: who was begun before is found then,
 * and who is begun later is inside. */
static int take_one(struct quarantine *quarantine, int procs,
		    const struct subject *subject,
		    struct quarantine_tally *tally)
{
	const char *why;
	int r = protect_look(quarantine->config.protected_list, subject, &why);

	if (r == 0 && why)
		tally->withheld++;
	if (r < 0 || why)
		return r;
	if (!is_inside(quarantine, subject->cgroup)) {
		r = move(procs, subject->id.pid);
		if (r == 0) {
			tally->moved++;
			list_sockets(quarantine, subject);
		}
	}
	if (r == -ESRCH || !subject_lives(subject)) {
		tally->lost++;
		return 0;
	}
	quarantine->pid_count +=
		tree_children(subject, quarantine->pids + quarantine->pid_count,
			      CHILDREN_MAX - quarantine->pid_count);
	if (quarantine->pid_count == CHILDREN_MAX)
		tally->has_more = true;
	return r;
}

/* The children in turn, theirs before the next; errors do not end it. */
static int take_rest(struct quarantine *quarantine, int procs,
		     struct quarantine_tally *tally)
{
	int first = 0, looks = 0;

	while (quarantine->pid_count > 0) {
		uint32_t pid = quarantine->pids[--quarantine->pid_count];
		struct subject subject;
		int r;

		if (++looks > LOOKS_MAX ||
		    tally->moved == QUARANTINE_MOVES_MAX) {
			tally->has_more = true;
			return first;
		}
		r = subject_open_pid(pid, &subject);
		if (r == 0) {
			r = take_one(quarantine, procs, &subject, tally);
			subject_close(&subject);
		} else if (r == -ESRCH) {
			tally->lost++;
			r = 0;
		}
		first = first ? first : r;
	}
	return first;
}

static int take_tree(struct quarantine *quarantine, int procs,
		     const struct subject *top, struct quarantine_tally *tally)
{
	struct subject now =
		*top; /* its group changes, its descriptor is lent */
	int r = 0;

	for (int pass = 0; pass < PASSES_MAX && r == 0; pass++) {
		size_t before = tally->moved;
		size_t lost = tally->lost;

		tally->has_more = false;
		tally->withheld = 0;
		tally->lost = 0;
		quarantine->pid_count = 0;
		r = take_one(quarantine, procs, &now, tally);
		if (r == 0)
			r = take_rest(quarantine, procs, tally);
		if (tally->lost < lost)
			tally->lost = lost; /* some of them, again */
		(void)snprintf(now.cgroup, sizeof(now.cgroup), "%s",
			       quarantine->path);
		if (tally->moved == before || tally->has_more)
			break;
	}
	return r;
}

static int inode_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int cut_them(struct quarantine *quarantine,
		    struct quarantine_tally *tally)
{
	const struct cut_owned owned = {
		.inodes = quarantine->sockets,
		.count = quarantine->socket_count,
		.spared = quarantine->config.allowed,
		.spared_count = quarantine->config.allowed_count,
	};
	struct cut_tally cut = {.has_more = owned.count > 0};
	int r = 0;

	qsort(quarantine->sockets, owned.count, sizeof(*quarantine->sockets),
	      inode_cmp);
	for (int i = 0; i < CUTS_MAX && r == 0 && cut.has_more; i++) {
		r = cut_sockets(&owned, &cut);
		tally->cut += cut.ended;
	}
	return r;
}

int quarantine_take(struct quarantine *quarantine, const struct subject *top,
		    struct quarantine_tally *ret_tally)
{
	struct quarantine_tally tally = {0};
	CLEANUP(closep) int procs = -1;
	struct process_id id;
	struct held *held;
	int r, cut;

	assert(ret_tally);

	r = choose(quarantine, top, &id);
	if (r == -EALREADY) {
		*ret_tally = tally;
		return 0;
	}
	r = hold(quarantine, &id, top);
	procs = r < 0 ? r : open_procs(quarantine, &id, O_WRONLY);
	if (procs < 0)
		return procs;
	quarantine->socket_count = 0;
	r = take_tree(quarantine, procs, top, &tally);
	cut = cut_them(quarantine, &tally);
	held = find(quarantine, &id);
	if (tally.moved == 0 && held)
		(void)let_go(quarantine, held);
	*ret_tally = tally;
	return r < 0 ? r : cut;
}

/* Its own group may be gone, and one above take no processes: the uppermost
 * does. `path` is where it was tried last. */
static int move_out(const struct quarantine *quarantine, char *path,
		    uint32_t pid)
{
	char procs[PATH_MAX + 16];

	for (;;) {
		CLEANUP(closep) int fd = -1;
		char *above;
		int r;

		(void)snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
		fd = open(procs, O_WRONLY | O_CLOEXEC);
		r = fd < 0 ? -errno : move(fd, pid);
		if (r == 0 || r == -ESRCH)
			return 0;
		above = strrchr(path + strlen(quarantine->mount), '/');
		if (!above)
			return r;
		*above = '\0';
	}
}

static size_t list_inside(const struct quarantine *quarantine,
			  const struct process_id *id, uint32_t *pids)
{
	CLEANUP(closep) int fd = open_procs(quarantine, id, O_RDONLY);

	return fd < 0 ? 0 : tree_numbers(fd, pids, QUARANTINE_MOVES_MAX);
}

int quarantine_release(struct quarantine *quarantine,
		       const struct process_id *top)
{
	struct held *held = find(quarantine, top);
	struct process_id id = *top; /* it may be that of `held` */
	uint32_t pids[QUARANTINE_MOVES_MAX];
	char path[PATH_MAX];

	if (!held)
		return -ENOENT;
	if (snprintf(path, sizeof(path), "%s%s", quarantine->mount,
		     held->origin) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	for (int pass = 0; pass < PASSES_MAX; pass++) {
		size_t count = list_inside(quarantine, &id, pids);

		if (count == 0 && let_go(quarantine, held))
			return 0;
		for (size_t i = 0; i < count; i++) {
			int r = move_out(quarantine, path, pids[i]);

			if (r < 0)
				return r;
		}
	}
	return -EAGAIN;
}

int quarantine_release_pid(struct quarantine *quarantine, uint32_t pid)
{
	struct process_id id;
	struct subject subject;
	bool is_known;

	for (size_t i = 0; pid && i < quarantine->held_count; i++)
		if (quarantine->held[i].id.pid == pid)
			return quarantine_release(quarantine,
						  &quarantine->held[i].id);
	if (subject_open_pid(pid, &subject) < 0)
		return -ENOENT;
	is_known = tree_of(quarantine, subject.cgroup, &id);
	subject_close(&subject);
	return is_known ? quarantine_release(quarantine, &id) : -ENOENT;
}

size_t quarantine_list(const struct quarantine *quarantine,
		       struct quarantine_tree list[QUARANTINE_LIST_MAX])
{
	for (size_t i = 0; i < quarantine->held_count; i++) {
		list[i].id = quarantine->held[i].id;
		memcpy(list[i].image, quarantine->held[i].image,
		       sizeof(list[i].image));
	}
	return quarantine->held_count;
}

bool quarantine_has(struct quarantine *quarantine, const struct process_id *top)
{
	return find(quarantine, top) != NULL;
}

void quarantine_tick(struct quarantine *quarantine)
{
	if (quarantine->held_count == 0)
		return;
	quarantine->next %= quarantine->held_count;
	if (!let_go(quarantine, &quarantine->held[quarantine->next]))
		quarantine->next++;
}
