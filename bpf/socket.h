/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Sockets. They belong to the container of the socket, not of the task that happens to run: on loopback a server's
 * handshake runs in its client's context. */

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_DGRAM 2
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_CLOSE 7
#define TCP_LISTEN 10
#define EINPROGRESS 115
#define S_IFMT 0170000
#define S_IFSOCK 0140000

/* A connection as it was reported when it began, until it closes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOW_ENTRIES);
	__type(key, struct flow_key);
	__type(value, struct net_record);
} flows SEC(".maps");

#define HIGHEST (~0U) /* in place of a descriptor: the highest that its process has an entry for */
#define DESCRIPTORS 1024 /* below this the end of a process is the end of its flows */

/* UDP sockets end without a change of state: their descriptor tells, or the end of their process. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, DATAGRAM_ENTRIES);
	__type(key, __u64); /* pid << 32 | descriptor */
	__type(value, __u64); /* the socket's address */
} udp_sockets SEC(".maps");

static __always_inline struct flow_key flow_of(const void *sk, struct task_struct *task, int datagram)
{
	struct flow_key key = {.socket = (__u64)sk};

	if (datagram) {
		key.start_ns = task->group_leader->start_boottime;
		key.pid = task->tgid;
	}
	return key;
}

static __always_inline int is_internet(__u16 family)
{
	return family == AF_INET || family == AF_INET6;
}

static __always_inline __u32 socket_slot(const struct sock *sk)
{
	struct cgroup *cgroup = sk->sk_cgrp_data.cgroup;

	return cgroup ? slot_of(cgroup) : SLOT_IGNORED;
}

static __always_inline void fill_ends(struct net_record *record, const struct sock *sk)
{
	record->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	record->protocol = BPF_CORE_READ(sk, sk_protocol);
	record->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	/* The port is given back before a socket counts as closed; what the packets bore is still there. */
	if (!record->local_port)
		record->local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	record->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (record->family == AF_INET6) {
		bpf_probe_read_kernel(record->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_probe_read_kernel(record->remote, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		bpf_probe_read_kernel(record->local, 4, &sk->__sk_common.skc_rcv_saddr);
		bpf_probe_read_kernel(record->remote, 4, &sk->__sk_common.skc_daddr);
	}
}

/* Makes a record of how a connection began one of its end; whether its beginning was seen. The slot that it had then may
 * be another container's by now. */
static __always_inline int end_flow(struct net_record *record, const struct flow_key *key, __u32 slot)
{
	struct net_record *flow = bpf_map_lookup_elem(&flows, key);

	if (!flow)
		return 0;
	*record = *flow;
	record->header.time_ns = bpf_ktime_get_boot_ns();
	record->header.slot = slot;
	record->header.kind = KIND_CLOSE;
	record->header.ret = 0;
	record->opened_ns = flow->header.time_ns;
	bpf_map_delete_elem(&flows, key);
	return 1;
}

/* Bytes of the payload: the kernel counts the end of a stream as one more received. */
static __always_inline void fill_bytes(struct net_record *record, const struct tcp_sock *tcp)
{
	__u64 ended = BPF_CORE_READ((const struct sock *)tcp, __sk_common.skc_flags) >>
			      bpf_core_enum_value(enum sock_flags, SOCK_DONE) & 1;

	record->tx_bytes = BPF_CORE_READ(tcp, bytes_sent) - BPF_CORE_READ(tcp, bytes_retrans);
	record->rx_bytes = BPF_CORE_READ(tcp, bytes_received);
	if (record->rx_bytes)
		record->rx_bytes -= ended;
}

SEC("tp_btf/inet_sock_set_state")
int on_socket_state(__u64 *ctx)
{
	const struct sock *sk = (const struct sock *)ctx[0];
	int before = ctx[1];
	int after = ctx[2];

	if (sk->sk_protocol != IPPROTO_TCP || !is_internet(sk->__sk_common.skc_family))
		return 0;
	__u32 slot = socket_slot(sk);
	struct row *row = row_of(slot);
	if (!row || !row->ready)
		return 0;
	if (before == TCP_SYN_RECV && after == TCP_ESTABLISHED)
		add(row->count[COUNT_ACCEPT], 1);
	else if (after == TCP_SYN_SENT)
		add(row->count[COUNT_CONNECT], 1);
	else if (before == TCP_SYN_SENT && after == TCP_CLOSE)
		add(row->count[COUNT_CONNECT_FAILED], 1);
	else if (after == TCP_CLOSE && before != TCP_LISTEN)
		add(row->count[COUNT_CLOSE], 1);
	struct flow_key key = {.socket = (__u64)sk};
	if (!wanted(slot, DEPTH_FULL)) {
		/* The address will be another socket's. */
		if (after == TCP_CLOSE)
			bpf_map_delete_elem(&flows, &key);
		return 0;
	}

	struct net_record record = {};
	if (after == TCP_LISTEN) {
		fill_header(&record.header, bpf_get_current_task_btf(), slot, KIND_LISTEN);
		fill_ends(&record, sk);
	} else if (after == TCP_CLOSE && before == TCP_SYN_SENT) {
		/* One that its call told as under way. Of a call that waited, the call tells. */
		if (!end_flow(&record, &key, slot))
			return 0;
		record.header.kind = KIND_CONNECT;
		record.header.ret = -BPF_CORE_READ(sk, sk_err);
		record.opened_ns = 0;
	} else if (after == TCP_CLOSE && before != TCP_LISTEN && before != TCP_SYN_RECV) {
		if (!end_flow(&record, &key, slot)) {
			record.header.time_ns = bpf_ktime_get_boot_ns();
			record.header.slot = slot;
			record.header.kind = KIND_CLOSE;
			record.header.flags = FLAG_NO_PROCESS;
			fill_ends(&record, sk);
		}
		fill_bytes(&record, (const struct tcp_sock *)sk);
	} else {
		return 0;
	}
	put(&record.header, sizeof(record), DEPTH_FULL);
	return 0;
}

static __always_inline int count_bytes(struct sock *sk, int len, int sent)
{
	__u16 family = sk->__sk_common.skc_family;

	if (len <= 0 || !is_internet(family))
		return 0;
	struct row *row = row_of(socket_slot(sk));
	if (!row || !row->ready)
		return 0;
	add(row->count[sent ? COUNT_TX_BYTES : COUNT_RX_BYTES], len);
	if (sk->sk_protocol != IPPROTO_UDP)
		return 0;
	struct flow_key key = flow_of(sk, bpf_get_current_task_btf(), 1);
	struct net_record *flow = bpf_map_lookup_elem(&flows, &key);
	if (flow && sent)
		add(flow->tx_bytes, len);
	else if (flow)
		add(flow->rx_bytes, len);
	return 0;
}

SEC("tp_btf/sock_send_length")
int on_send(__u64 *ctx)
{
	return count_bytes((struct sock *)ctx[0], ctx[1], 1);
}

SEC("tp_btf/sock_recv_length")
int on_receive(__u64 *ctx)
{
	return count_bytes((struct sock *)ctx[0], ctx[1], 0);
}

static __always_inline struct sock *socket_of(struct task_struct *task, int fd)
{
	struct file *file = file_of(task, fd);

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	struct socket *socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

/* The container of a socket found by its descriptor, whose address is a plain number to the verifier. */
static __always_inline __u32 found_socket_slot(struct sock *sk, __u32 task_slot)
{
	__u64 id = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	__u32 *slot = bpf_map_lookup_elem(&slots, &id);

	return slot ? *slot : task_slot;
}

static __always_inline __u64 descriptor_of(struct task_struct *task, __u32 fd)
{
	return (__u64)task->tgid << 32 | fd;
}

/* Tells the end of the datagrams that the current process sent by a descriptor. Verified on its own, once for all. */
__noinline int end_datagrams(__u32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 descriptor = descriptor_of(task, fd);
	__u64 *address = bpf_map_lookup_elem(&udp_sockets, &descriptor);
	struct scratch *buffer = scratch();

	if (!address || !buffer)
		return 0;
	struct net_record *record = (struct net_record *)buffer->bytes;
	struct flow_key key = flow_of((void *)*address, task, 1);
	bpf_map_delete_elem(&udp_sockets, &descriptor);
	__u32 slot = slot_of(task->cgroups->dfl_cgrp);
	if (!end_flow(record, &key, slot) || !wanted(slot, DEPTH_FULL))
		return 0;
	put(&record->header, sizeof(*record), DEPTH_FULL);
	return 0;
}

/* A process that ends closes its sockets without a call. */
static __always_inline void end_all_datagrams(struct task_struct *task)
{
	__u64 descriptor = descriptor_of(task, HIGHEST);
	__u64 *highest = bpf_map_lookup_elem(&udp_sockets, &descriptor);

	if (!highest)
		return;
	__u64 last = *highest;
	for (__u32 fd = 0; fd < DESCRIPTORS && fd <= last; fd++)
		end_datagrams(fd);
	bpf_map_delete_elem(&udp_sockets, &descriptor);
}

/* Keeps a flow of datagrams until its descriptor or its process ends. */
static __always_inline void keep_descriptor(struct task_struct *task, __u64 address, __u32 fd)
{
	__u64 descriptor = descriptor_of(task, fd), all = descriptor_of(task, HIGHEST), last = fd;
	__u64 *highest = bpf_map_lookup_elem(&udp_sockets, &all);

	bpf_map_update_elem(&udp_sockets, &descriptor, &address, BPF_ANY);
	if (!highest || *highest < last)
		bpf_map_update_elem(&udp_sockets, &all, &last, BPF_ANY);
}

/* connect and accept as the caller sees them, in its own context. `peer` is the address argument: a connection that
 * failed, or a datagram, leaves none on the socket. */
static __always_inline void report_socket(struct task_struct *task, struct row *row, __u32 slot, int fd, __u8 kind,
					  __u16 nr, long ret, __u64 peer)
{
	struct sock *sk = socket_of(task, fd);

	if (!sk)
		return;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	if (family == AF_UNIX && nr == __NR_connect) {
		add(row->count[COUNT_UNIX_CONNECT], 1);
		return;
	}
	if (!is_internet(family) || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return;
	__u16 peer_family = AF_INET;

	if (peer)
		bpf_probe_read_user(&peer_family, sizeof(peer_family), (void *)peer);
	/* It takes the peer off a socket. */
	if (peer && nr == __NR_connect && peer_family == AF_UNSPEC)
		return;
	int datagram = protocol == IPPROTO_UDP;
	int told = wanted(slot, DEPTH_FULL);
	struct flow_key key = flow_of(sk, task, datagram);
	if (datagram) {
		/* A process that sends again by the same socket is the same flow, at every depth: the counter says how many. */
		if (nr != __NR_connect && bpf_map_lookup_elem(&flows, &key))
			return;
		add(row->count[COUNT_UDP_CONNECT], 1);
		/* What the descriptor was before ended without a close, or by another connect. */
		if (ret >= 0)
			end_datagrams(fd);
	} else if (!told) {
		return;
	}

	struct scratch *buffer = scratch();
	if (!buffer)
		return;
	/* Not on the stack, of which what this calls takes the rest. */
	struct net_record *record = (struct net_record *)buffer->bytes;
	__builtin_memset(record, 0, sizeof(*record));
	fill_header(&record->header, task, found_socket_slot(sk, slot), kind);
	record->header.nr = nr;
	record->header.ret = ret;
	record->header.flags = kind == KIND_ACCEPT ? FLAG_INBOUND : 0;
	fill_ends(record, sk);
	if (peer && !record->remote_port) {
		bpf_probe_read_user(&record->remote_port, sizeof(record->remote_port), (void *)peer + 2);
		record->remote_port = bpf_ntohs(record->remote_port);
		/* The address says how it is laid out, and not the socket, which takes both. */
		if (peer_family == AF_INET6) {
			bpf_probe_read_user(record->remote, 16, (void *)peer + 8);
		} else if (family == AF_INET6) {
			record->remote[10] = record->remote[11] = 0xff;
			bpf_probe_read_user(&record->remote[12], 4, (void *)peer + 4);
		} else {
			bpf_probe_read_user(record->remote, 4, (void *)peer + 4);
		}
	}
	if (told && (kind != KIND_CONNECT || depth_of(record->header.slot) == DEPTH_FULL))
		put(&record->header, sizeof(*record), DEPTH_FULL);
	else if (told && is_new_peer(record))
		remember(record, sizeof(*record), record->header.slot, 1);
	if (ret < 0 && ret != -EINPROGRESS)
		return;
	/* Nobody would take it off again: a connection that was reset before it was accepted is closed already. */
	if (!datagram && BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE)
		return;
	/* The first datagram was counted before there was a flow. */
	if (nr == __NR_sendto || nr == __NR_sendmsg)
		record->tx_bytes = ret;
	bpf_map_update_elem(&flows, &key, record, BPF_ANY);
	if (datagram)
		keep_descriptor(task, key.socket, fd);
}
