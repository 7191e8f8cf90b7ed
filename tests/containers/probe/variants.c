/* The things that the probe's script does, done by other calls, and rarer ones; one JSON object a line as there. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "deed.h"

#define SERVER_PORT 7011
#define DATAGRAM_PORT 7012
#define REPLY 500
#define CROWDS 40
#define CROWD 24
#define NOBODY 4194303 /* no process has this number */
#define LEAVERS 4 /* the later ones are likely to get the socket of an earlier one */

/* Names that are relative to the working directory or to an open one, and descriptors without any. */
static void names(void)
{
    pid_t self = getpid();
    mkdir(FOLDER, 0700);
    int folder = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (chdir(FOLDER) || chdir("/tmp/../tmp/probe"))
        fatal("chdir");
    int file = openat(folder, "a", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    deed("create", self, outcome(file), ",\"path\":\"" FOLDER "/a\"");
    deed("chmod", self, outcome(fchmod(file, 0640)), ",\"path\":\"" FOLDER "/a\",\"mode\":\"0640\"");
    close(file);
    deed("rename", self, outcome(renameat2(folder, "a", AT_FDCWD, "b", 0)), ",\"path\":\"" FOLDER "/a\",\"target\":\"" FOLDER "/b\"");
    deed("chmod", self, outcome(fchmodat(folder, "b", 0600, 0)), ",\"path\":\"" FOLDER "/b\",\"mode\":\"0600\"");
    deed("create", self, outcome(linkat(folder, "b", folder, "c", 0)), ",\"path\":\"" FOLDER "/b\",\"target\":\"" FOLDER "/c\"");
    deed("create", self, outcome(symlinkat("/nowhere", folder, "s")), ",\"path\":\"" FOLDER "/s\"");
    deed("create", self, outcome(mkdir("d", 0700)), ",\"path\":\"" FOLDER "/d\"");
    deed("unlink", self, outcome(unlinkat(folder, "d", AT_REMOVEDIR)), ",\"path\":\"" FOLDER "/d\"");
    deed("unlink", self, outcome(unlink("c")), ",\"path\":\"" FOLDER "/c\"");
    deed("unlink", self, outcome(unlink("none")), ",\"path\":\"" FOLDER "/none\"");
    close(open("\xff\\", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    deed("create", self, 0, ",\"path\":\"%s\"", FOLDER "/\\\\xff\\\\\\\\");
    close(folder);
}

/* A connection over IPv6 with bytes both ways, which the server ends. */
static void stream(void)
{
    static char payload[PAYLOAD];
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(SERVER_PORT), .sin6_addr = IN6ADDR_LOOPBACK_INIT}, peer;
    socklen_t length = sizeof peer;
    int server = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server, (void *)&address, sizeof address) || listen(server, 8))
        fatal("listen");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(client, (void *)&address, sizeof address) || write(client, payload, PAYLOAD) != PAYLOAD)
            _exit(1);
        while (read(client, payload, PAYLOAD) > 0)
            ;
        close(client);
        _exit(0);
    }
    int connection = accept(server, (void *)&peer, &length);
    for (long received = 0, part; received < PAYLOAD && (part = read(connection, payload, PAYLOAD)) > 0;)
        received += part;
    if (write(connection, payload, REPLY) != REPLY)
        fatal("write");
    close(connection);
    deed("connect", child, exit_code(child), ",\"port\":%d,\"source_port\":%d", SERVER_PORT, ntohs(peer.sin6_port));
    deed("accept", getpid(), outcome(connection), ",\"port\":%d,\"source_port\":%d", SERVER_PORT, ntohs(peer.sin6_port));
    deed("close", getpid(), 0, ",\"port\":%d,\"bytes\":%d", SERVER_PORT, PAYLOAD);
    deed("reply", getpid(), 0, ",\"port\":%d,\"bytes\":%d", SERVER_PORT, REPLY);
    close(server);
}

/* A process that sends a datagram and ends without closing its socket. */
static void leave_open(const struct sockaddr_in *address)
{
    static char payload[DATAGRAM];
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        _exit(sendto(client, payload, DATAGRAM, 0, (void *)address, sizeof *address) != DATAGRAM);
    }
    deed("udp_leave", child, exit_code(child), ",\"port\":%d,\"bytes\":%d", DATAGRAM_PORT, DATAGRAM);
}

/* Two datagrams to an address that the socket is not connected with. */
static void datagrams(void)
{
    static char payload[DATAGRAM];
    struct sockaddr_in address = loopback(DATAGRAM_PORT);
    int server = receiver(DATAGRAM_PORT), client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    long sent = 0;
    for (int i = 0; i < 2; i++)
        sent += sendto(client, payload, DATAGRAM, 0, (void *)&address, sizeof address);
    deed("udp_send", getpid(), 0, ",\"port\":%d,\"bytes\":%ld", DATAGRAM_PORT, sent);
    close(client);
    for (int i = 0; i < LEAVERS; i++)
        leave_open(&address);
    close(server);
}

static void others(void)
{
    static char memory[8];
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    struct iovec here = {memory, sizeof memory}, there = here;
    deed("ptrace", getpid(), outcome(process_vm_readv(child, &here, 1, &there, 1, 0)), ",\"target_pid\":%d", child);
    int descriptor = syscall(SYS_pidfd_open, child, 0);
    deed("kill", getpid(), outcome(syscall(SYS_pidfd_send_signal, descriptor, SIGTERM, NULL, 0)), ",\"target_pid\":%d,\"signal\":%d", child, SIGTERM);
    deed("exit", child, 0, ",\"code\":%d", exit_code(child));
    /* One that is not watched, and then one that reaches nobody. */
    signal(SIGUSR1, SIG_IGN);
    sigqueue(getpid(), SIGUSR1, (union sigval){0});
    deed("missed_kill", getpid(), outcome(kill(NOBODY, SIGTERM)), ",\"target_pid\":%d", NOBODY);
}

static void rights(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int namespace = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
        deed("setns", getpid(), outcome(setns(namespace, CLONE_NEWUTS)), ",\"flags\":%d", CLONE_NEWUTS);
        deed("mount", getpid(), outcome(chroot("/tmp")), ",\"path\":\"/tmp\"");
        deed("setuid", getpid(), outcome(setresuid(-1, 33, -1)), ",\"uid\":33");
        _exit(0);
    }
    exit_code(child);
}

/* A program by posix_spawn, whose child shares memory until then, with more arguments than are kept. */
static void programs(void)
{
    static char word[3001];
    memset(word, 'x', sizeof word - 1);
    pid_t child;
    if (posix_spawn(&child, "/usr/bin/probe", NULL, NULL, (char *[]){"probe", "noop", word, NULL}, environ))
        fatal("posix_spawn");
    deed("exec", child, 0, ",\"path\":\"/usr/bin/probe\",\"code\":%d", exit_code(child));
}

static void *wait_for_the_end(void *nothing)
{
    pause();
    return nothing;
}

/* Processes that end while many threads of theirs are alive. */
static void crowds(void)
{
    for (int i = 0; i < CROWDS; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            pthread_t thread;
            for (int j = 0; j < CROWD; j++)
                if (pthread_create(&thread, NULL, wait_for_the_end, NULL))
                    _exit(1);
            _exit(0);
        }
        deed("crowd", child, exit_code(child), "%s", "");
    }
}

/* One request that does nothing, handed over by a ring. */
static void ring(void)
{
    struct io_uring_params params = {0};
    int uring = syscall(SYS_io_uring_setup, 1, &params);
    long result = outcome(uring);
    if (uring >= 0) {
        char *queue = mmap(NULL, params.sq_off.array + sizeof(unsigned), PROT_READ | PROT_WRITE, MAP_SHARED, uring, IORING_OFF_SQ_RING);
        struct io_uring_sqe *entries = mmap(NULL, sizeof *entries, PROT_READ | PROT_WRITE, MAP_SHARED, uring, IORING_OFF_SQES);
        if (queue == MAP_FAILED || entries == MAP_FAILED)
            fatal("mmap");
        entries[0].opcode = IORING_OP_NOP;
        *(unsigned *)(queue + params.sq_off.array) = 0;
        __atomic_store_n((unsigned *)(queue + params.sq_off.tail), 1, __ATOMIC_RELEASE);
        result = syscall(SYS_io_uring_enter, uring, 1, 0, 0, NULL, 0) == 1 ? 0 : -errno;
    }
    deed("io_uring", getpid(), result, "%s", "");
}

int main(void)
{
    names();
    stream();
    datagrams();
    others();
    rights();
    programs();
    crowds();
    ring();
    return 0;
}
