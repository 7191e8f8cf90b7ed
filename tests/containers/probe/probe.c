/* Does known things and says what it did, so that a test can wait for the very events.

   probe script             each action once; one JSON object a line: action, pid, result (0 or a negative errno), ...
   probe generate S R CPU   S seconds of file, process and socket events at about R a second (0: as fast as it goes),
                            pinned to CPU (-1: not pinned); one JSON object with what was done
   probe calls N R CPU      R times N calls of getppid, pinned to CPU; one JSON object with the best and mean time of a call
   probe accepts N MORE     N connections to itself, each accepted and closed; as generate says it; then MORE, 20 a second
   probe escape             calls that code which wants out makes, once each, and is denied without rights
   probe noop               nothing; what the others execute */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include "deed.h"

#define SERVER_PORT 7001
#define DATAGRAM_PORT 7002
#define CLOSED_PORT 7003
/* Of `accepts`, which runs beside `generate`. */
#define OTHER_PORT 7004

static int listener(int port)
{
    struct sockaddr_in address = loopback(port);
    int on = 1, server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(server, (void *)&address, sizeof address) || listen(server, 64))
        fatal("listen");
    return server;
}

static void programs(void)
{
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 3", NULL);
        _exit(127);
    }
    deed("fork", getpid(), 0, ",\"child\":%d", child);
    int code = exit_code(child);
    deed("exec", child, 0, ",\"path\":\"/usr/bin/busybox\",\"args\":[\"sh\",\"-c\",\"exit 3\"]");
    deed("exit", child, 0, ",\"code\":%d", code);
}

static void files(void)
{
    pid_t self = getpid();
    mkdir(FOLDER, 0700);
    int file = open(FOLDER "/a", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    deed("create", self, outcome(file), ",\"path\":\"" FOLDER "/a\"");
    if (write(file, "abc", 3) != 3)
        fatal("write");
    close(file);
    file = open(FOLDER "/a", O_RDWR | O_CLOEXEC);
    deed("open", self, outcome(file), ",\"path\":\"" FOLDER "/a\"");
    close(file);
    deed("open", self, outcome(open("/usr/none", O_CREAT | O_WRONLY, 0600)), ",\"path\":\"/usr/none\"");
    deed("chmod", self, outcome(chmod(FOLDER "/a", 0751)), ",\"path\":\"" FOLDER "/a\",\"mode\":\"0751\"");
    deed("rename", self, outcome(rename(FOLDER "/a", FOLDER "/b")), ",\"path\":\"" FOLDER "/a\",\"target\":\"" FOLDER "/b\"");
    deed("unlink", self, outcome(unlink(FOLDER "/b")), ",\"path\":\"" FOLDER "/b\"");
}

static void stream(void)
{
    static char payload[PAYLOAD];
    struct sockaddr_in address = loopback(SERVER_PORT), peer;
    socklen_t length = sizeof peer;
    int server = listener(SERVER_PORT);
    deed("listen", getpid(), 0, ",\"port\":%d", SERVER_PORT);
    pid_t child = fork();
    if (child == 0) {
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(client, (void *)&address, sizeof address) || write(client, payload, PAYLOAD) != PAYLOAD)
            _exit(1);
        _exit(0);
    }
    int connection = accept4(server, (void *)&peer, &length, SOCK_CLOEXEC);
    long received = 0, part;
    while ((part = read(connection, payload, PAYLOAD)) > 0)
        received += part;
    close(connection);
    deed("connect", child, exit_code(child), ",\"port\":%d,\"source_port\":%d", SERVER_PORT, ntohs(peer.sin_port));
    deed("accept", getpid(), outcome(connection), ",\"port\":%d,\"source_port\":%d", SERVER_PORT, ntohs(peer.sin_port));
    deed("close", getpid(), 0, ",\"port\":%d,\"bytes\":%ld", SERVER_PORT, received);
    close(server);
    address = loopback(CLOSED_PORT);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    deed("connect", getpid(), outcome(connect(client, (void *)&address, sizeof address)), ",\"port\":%d", CLOSED_PORT);
    close(client);
}

static void datagrams(void)
{
    static char payload[DATAGRAM];
    struct sockaddr_in address = loopback(DATAGRAM_PORT);
    int server = receiver(DATAGRAM_PORT), client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    connect(client, (void *)&address, sizeof address);
    deed("udp_send", getpid(), outcome(send(client, payload, DATAGRAM, 0)), ",\"port\":%d,\"bytes\":%d", DATAGRAM_PORT, DATAGRAM);
    close(client);
    close(server);
    struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = FOLDER "/none"};
    client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    deed("unix_connect", getpid(), outcome(connect(client, (void *)&local, sizeof local)), ",\"path\":\"" FOLDER "/none\"");
    close(client);
}

static pid_t sleeper(void)
{
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    return child;
}

static void signals(void)
{
    pid_t child = sleeper();
    deed("kill", getpid(), outcome(kill(child, SIGTERM)), ",\"target_pid\":%d,\"signal\":%d", child, SIGTERM);
    deed("exit", child, 0, ",\"code\":%d", exit_code(child));
    child = sleeper();
    deed("ptrace", getpid(), outcome(ptrace(PTRACE_ATTACH, child, 0, 0)), ",\"target_pid\":%d", child);
    waitpid(child, NULL, 0);
    ptrace(PTRACE_DETACH, child, 0, 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* Rights are given up in a child: the rest of the script needs them. */
static void rights(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        deed("unshare", getpid(), outcome(unshare(CLONE_NEWUTS)), ",\"flags\":%d", CLONE_NEWUTS);
        mkdir(FOLDER "/mnt", 0700);
        deed("mount", getpid(), outcome(mount("none", FOLDER "/mnt", "tmpfs", 0, NULL)), ",\"path\":\"" FOLDER "/mnt\"");
        umount(FOLDER "/mnt");
        struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
        struct __user_cap_data_struct data[2];
        syscall(SYS_capget, &header, data);
        data[0].effective &= ~(1u << CAP_MKNOD);
        deed("capset", getpid(), outcome(syscall(SYS_capset, &header, data)), ",\"dropped\":\"CAP_MKNOD\"");
        deed("setuid", getpid(), outcome(setuid(33)), ",\"uid\":33");
        _exit(0);
    }
    exit_code(child);
}

/* A process that begins in a namespace of its own: no call but the one that begins it says so. */
static void namespaces(void)
{
    fflush(stdout);
    pid_t child = syscall(SYS_clone, CLONE_NEWIPC | SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
        _exit(0);
    deed("clone", getpid(), exit_code(child), ",\"child\":%d", child);
}

static void memory_program(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        static char buffer[65536];
        int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), copy = memfd_create("ghost", 0);
        for (long part; (part = read(self, buffer, sizeof buffer)) > 0;)
            if (write(copy, buffer, part) != part)
                _exit(1);
        fexecve(copy, (char *[]){"ghost", "noop", NULL}, environ);
        _exit(127);
    }
    deed("memfd_exec", child, 0, ",\"args\":[\"ghost\",\"noop\"],\"code\":%d", exit_code(child));
}

/* What Docker's and Podman's profiles refuse without the capability, and a test's own profile may. */
static void refused(void)
{
    pid_t self = getpid();
    char nothing[256] = {0};
    deed("keyctl", self, outcome(syscall(SYS_keyctl, 0, -3, 0)), "%s", "");
    deed("bpf", self, outcome(syscall(SYS_bpf, 1000, nothing, sizeof nothing)), "%s", "");
    deed("init_module", self, outcome(syscall(SYS_init_module, nothing, 0, "")), "%s", "");
    deed("perf_event_open", self, outcome(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)), "%s", "");
}

static int script(void)
{
    programs();
    files();
    stream();
    datagrams();
    signals();
    rights();
    namespaces();
    memory_program();
    refused();
    return 0;
}

static int escape(void)
{
    deed("unshare", getpid(), outcome(unshare(CLONE_NEWNS)), ",\"flags\":%d", CLONE_NEWNS);
    deed("mount", getpid(), outcome(mount("none", "/tmp", "tmpfs", 0, NULL)), "%s", ",\"path\":\"/tmp\"");
    refused();
    return 0;
}

struct counts {
    long files, renames, forks, connections;
};

static void one_connection(int server, int port, struct counts *done)
{
    struct sockaddr_in address = loopback(port);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* A connection reset instead of waited out leaves no port behind: there are only 28,000. */
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (connect(client, (void *)&address, sizeof address) == 0)
        close(accept4(server, NULL, NULL, SOCK_CLOEXEC));
    close(client);
    done->connections++;
}

static void one_round(int server, struct counts *done)
{
    char path[64], other[64];
    for (int i = 0; i < 12; i++) {
        snprintf(path, sizeof path, "/tmp/burst-%d-%d", getpid(), i);
        snprintf(other, sizeof other, "/tmp/done-%d-%d", getpid(), i);
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        rename(path, other);
        unlink(other);
        done->files++;
        done->renames++;
    }
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    done->forks++;
    for (int i = 0; i < 2; i++)
        one_connection(server, SERVER_PORT, done);
}

/* Events of one round: open, rename and unlink, fork and exit, connect, accept and two closes. */
#define ROUND_EVENTS (12 * 3 + 2 + 2 * 4)

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void stay_on(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set))
        fatal("sched_setaffinity");
}

static int calls(long number, long rounds, int cpu)
{
    double best = 1e9, all = 0;
    stay_on(cpu);
    for (long round = 0; round < rounds; round++) {
        double began = now();
        for (long i = 0; i < number; i++)
            getppid();
        double ns = (now() - began) * 1e9 / number;
        best = ns < best ? ns : best;
        all += ns;
    }
    printf("{\"calls\":%ld,\"ns\":%.2f,\"mean_ns\":%.2f}\n", number * rounds, best, all / rounds);
    return 0;
}

static int generate(double seconds, double per_second, int cpu)
{
    struct counts done = {0, 0, 0, 0};
    if (cpu >= 0)
        stay_on(cpu);
    int server = listener(SERVER_PORT);
    double began = now(), due = began;
    while (now() - began < seconds) {
        one_round(server, &done);
        if (per_second > 0) {
            due += ROUND_EVENTS / per_second;
            double left = due - now();
            if (left > 0)
                nanosleep(&(struct timespec){left, (left - (time_t)left) * 1e9}, NULL);
        }
    }
    printf("{\"seconds\":%.3f,\"files\":%ld,\"renames\":%ld,\"forks\":%ld,\"connections\":%ld}\n", now() - began, done.files, done.renames, done.forks, done.connections);
    return 0;
}

static int accepts(long number, long more)
{
    int server = listener(OTHER_PORT);
    struct counts done = {0, 0, 0, 0};
    double began = now();
    while (done.connections < number)
        one_connection(server, OTHER_PORT, &done);
    printf("{\"seconds\":%.3f,\"files\":0,\"renames\":0,\"forks\":0,\"connections\":%ld}\n", now() - began, done.connections);
    fflush(stdout);
    for (long i = 0; i < more; i++) {
        usleep(50000);
        one_connection(server, OTHER_PORT, &done);
    }
    return 0;
}

int main(int count, char **arguments)
{
    if (count >= 2 && !strcmp(arguments[1], "noop"))
        return 0;
    if (count == 2 && !strcmp(arguments[1], "escape"))
        return escape();
    if (count == 2 && !strcmp(arguments[1], "script"))
        return script();
    if (count == 5 && !strcmp(arguments[1], "generate"))
        return generate(atof(arguments[2]), atof(arguments[3]), atoi(arguments[4]));
    if (count == 5 && !strcmp(arguments[1], "calls"))
        return calls(atol(arguments[2]), atol(arguments[3]), atoi(arguments[4]));
    if (count == 4 && !strcmp(arguments[1], "accepts"))
        return accepts(atol(arguments[2]), atol(arguments[3]));
    fprintf(stderr, "usage: probe script | escape | generate SECONDS RATE CPU | calls N R CPU | accepts N MORE | noop\n");
    return 2;
}
