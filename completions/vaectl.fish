# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_vaectl_global_optspecs
    string join \n c/config= log-format= log-level= max-line-bytes= strict exit-wait= with-parent resumed h/help V/version
end

function __fish_vaectl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_vaectl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_vaectl_using_subcommand
    set -l cmd (__fish_vaectl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c vaectl -n "__fish_vaectl_needs_command" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_needs_command" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_needs_command" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_needs_command" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_needs_command" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_needs_command" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_needs_command" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_needs_command" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_needs_command" -s V -l version -d 'Print version'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "record" -d 'Watch containers and write what they do: windows of counters, and events'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "train" -d 'Learn a model for every image from its containers\' windows'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "score" -d 'Judge windows by their models, and let through the events that a verdict calls for'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "eval" -d 'Compare verdicts with the truth: what was found, how soon, why, and at what price'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "model" -d 'List, show, compare and verify models, and say which are in use'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "publish" -d 'Write lines to a repository: a directory, standard output or Elasticsearch'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "run" -d 'Run several stages as child processes joined by pipes, as vaectl.toml says'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "incidents" -d 'List the incidents in a repository'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "show" -d 'Print one incident: its timeline, process tree, reasons, peers and files'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "check" -d 'Say what this host can and cannot do, and why'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "schema" -d 'Print the JSON Schema of a line type, or of the configuration file'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "completions" -d 'Print the completions for a shell'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "man" -d 'Print a manual page'
complete -c vaectl -n "__fish_vaectl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l window -d 'The length of a window' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l depth -d 'How much is reported of containers that nobody asked for otherwise' -r -f -a "census\t'Counters only'
process\t'Also program starts and ends, and rare events'
full\t'Also forks, files and sockets'"
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l container -d 'Only this container, by its name or the beginning of its id; may be repeated' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l cgroup -d 'Take this cgroup for a container, by its path below the v2 root; may be repeated' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l exclude-cgroup -d 'Leave out this cgroup and all below it; may be repeated' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l duration -d 'End after this long' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l max-containers -d 'How many containers there is room for' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l ring-bytes -d 'The room for events in the kernel' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l backlog-bytes -d 'The room for events that wait for a slow reader; with `--control`, half as much again for those of suspicious containers' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l control -d 'Listen on this socket for the depth of each container, which `score --control` asks for' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l census-duty -d 'Count system calls only in this share of the time, in short slices at random; a rare call or a file that falls between slices is seen only where a container is watched deeper than the census. Without `--control` it takes `--depth census`: deeper, all calls are counted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l flight-bytes -d 'The room in the kernel for what a container does below its depth, with `--control`' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l replay -d 'Write the lines of this recording instead, plain or zstd' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l no-engine -d 'Ask no container engine for names; read only what runtimes leave in files'
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l bpf-stats -d 'Let the kernel count how often it runs each program and for how long, and log that at the end. Needs `CAP_SYS_ADMIN`; while it counts, every run of every program of this host takes longer'
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand record" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l archive -d 'The archive of `score`: a folder of files' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l since -d 'Leave out windows before then: a time such as `2026-11-24T03:00:00Z`, or how long ago, such as `7d`. Files of an archive that are older are not read' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l key -d 'Make models of these keys alone; the windows of others still tell whether they are good' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l keep -d 'How many versions of a model are kept, beside the one in use and the one before' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l models -d 'The folder that models are written to' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l seeds -d 'The seeds: one network is trained for each' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l draws -d 'How many samples of the latent space are decoded for one window' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l epochs -d 'The most passes over the data; as many as help where absent' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l beta -d 'The weight of the latent part of the loss' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l report -d 'How the report looks; one line with --promote, else a table' -r -f -a "text\t'A table'
line\t'One line'
json\t'One JSON object'"
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l accept -d 'Learn from windows of incidents too, of the keys that are named: what changed is here to stay. Give `--since` its beginning'
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l promote -d 'Where a model is in use already, put the new one in use only where it is at least as good: no more false positives on the newest runs, which neither has seen, and no fewer true ones at that rate'
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l allow-collapsed -d 'Keep a model that learned no more than a distance from the mean, though its windows have more to learn'
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand train" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l models -d 'The folder of models; it may be empty or missing' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l archive -d 'Keep windows with their states in this folder, for `train`' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l archive-bytes -d 'The most that the archive may hold; the oldest goes first' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l state -d 'Keep in this folder what was learned of each container, over a restart' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l control -d 'Ask the recorder that listens on this socket to watch each container as deep as its state calls for' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l hold-bytes -d 'How much of events all containers together may have held back' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l max-containers -d 'How many containers are told apart' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l events-per-second -d 'How many events a second are published of all containers without an exact model' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l backlog-bytes -d 'The room for lines that wait for a slow reader' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l host -d 'Score what runs outside containers as one more container'
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l pass-windows -d 'Pass windows on beside their verdicts'
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand score" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l truth -d 'The truth' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l models -d 'The folder of the models that judged, for the baselines' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l train -d 'What the models were trained on, files or folders, for the baselines' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l format -d 'How the figures look' -r -f -a "table\t'A table'
json\t'One JSON object'"
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l pictures -d 'Write pictures into this folder: ROC curves, and the score over time of every container that was attacked' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l sample -d 'The most windows that are compared with baselines, by which memory is bounded; of more, so many are drawn evenly' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l resamples -d 'How often runs are drawn anew for an interval' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l seed -d 'The seed of all draws' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l baselines -d 'Compare with densities that need no network, on the windows that `score --pass-windows` leaves beside its verdicts'
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand eval" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -l models -d 'The folder of models' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -l format -d 'How the answer looks' -r -f -a "table\t'A table'
json\t'One JSON object'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -f -a "ls" -d 'List every version of every model'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -f -a "show" -d 'Print what is known about a model'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -f -a "diff" -d 'Print what one version has that another has not'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -f -a "verify" -d 'Load every version, and say which files are not what their names say'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -f -a "promote" -d 'Put a version in use. SIGHUP makes a running `score` read it'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -f -a "rollback" -d 'Put the version in use again that was before; twice leads back'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and not __fish_seen_subcommand_from ls show diff verify promote rollback help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from ls" -l models -d 'The folder of models' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from ls" -l format -d 'How the answer looks' -r -f -a "table\t'A table'
json\t'One JSON object'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from ls" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from ls" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from ls" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from ls" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from ls" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from ls" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from ls" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from ls" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from show" -l models -d 'The folder of models' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from show" -l format -d 'How the answer looks' -r -f -a "table\t'A table'
json\t'One JSON object'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from show" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from show" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from show" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from show" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from show" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from show" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from show" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from show" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from diff" -l models -d 'The folder of models' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from diff" -l format -d 'How the answer looks' -r -f -a "table\t'A table'
json\t'One JSON object'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from diff" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from diff" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from diff" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from diff" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from diff" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from diff" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from diff" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from diff" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from verify" -l models -d 'The folder of models' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from verify" -l format -d 'How the answer looks' -r -f -a "table\t'A table'
json\t'One JSON object'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from verify" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from verify" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from verify" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from verify" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from verify" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from verify" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from verify" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from verify" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from promote" -l models -d 'The folder of models' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from promote" -l format -d 'How the answer looks' -r -f -a "table\t'A table'
json\t'One JSON object'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from promote" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from promote" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from promote" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from promote" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from promote" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from promote" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from promote" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from promote" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from promote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from rollback" -l models -d 'The folder of models' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from rollback" -l format -d 'How the answer looks' -r -f -a "table\t'A table'
json\t'One JSON object'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from rollback" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from rollback" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from rollback" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from rollback" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from rollback" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from rollback" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from rollback" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from rollback" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List every version of every model'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from help" -f -a "show" -d 'Print what is known about a model'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from help" -f -a "diff" -d 'Print what one version has that another has not'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Load every version, and say which files are not what their names say'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from help" -f -a "promote" -d 'Put a version in use. SIGHUP makes a running `score` read it'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from help" -f -a "rollback" -d 'Put the version in use again that was before; twice leads back'
complete -c vaectl -n "__fish_vaectl_using_subcommand model; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l to -d 'Where to: `dir:PATH`, `stdout:`, or the URL of an Elasticsearch server; several, with commas, stand in for each other' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l dead-letter -d 'The file for lines that are malformed or refused' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l spool -d 'The folder where documents wait until the server has them, so that nothing is lost by an outage or a crash' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l spool-bytes -d 'The most that may wait there; beyond it summaries are dropped, then events, then the reading stops' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l redact -d 'A regular expression of further secrets in arguments and paths: its group `secret`, or all of it, is taken out' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l retry-for -d 'How long a repository that does not answer is asked again' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l batch-documents -d 'The most documents in one request' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l batch-bytes -d 'The most bytes in one request' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l batch-age -d 'The longest a document waits for others' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l summary-age -d 'How long the summaries of stable containers wait for each other' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l api-key-file -d 'A file with the server\'s API key in its encoded form' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l user -d 'The user to log in as' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l password-file -d 'A file with the user\'s password' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l ca-file -d 'A PEM file of certificate authorities to trust' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l client-certificate -d 'A PEM file of the client\'s certificate and its key' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l namespace -d 'The last part of the data streams\' names' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l timeout -d 'How long one request may take' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l replay -d 'Publish again what stands in FILES: of a dead letter the line that it quotes, of a folder all that is below it'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l reconcile -d 'Publish nothing; compare what the lines of FILES come to with the server\'s own counts'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l windows -d 'Publish windows too'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l no-redaction -d 'Publish arguments and paths as they are, secrets and all'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l no-merge -d 'Give a server one document a line, instead of one for an exec with its exit or for connections to one peer'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l no-setup -d 'Leave the server\'s index templates as they are'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l setup -d 'Install the index templates, and nothing else'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l dry-run -d 'Print what would be installed instead'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l no-compression -d 'Send requests without compression'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand publish" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l stages -d 'The stages, in the order of the pipe' -r -f -a "record\t''
score\t''
publish\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l train-after -d 'Train a first model so long after an image has a second run in the archive' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l train-every -d 'Train it again so often' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l train-during -d 'For so long after the first time' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l no-control -d 'Join record and score by no control socket but one that they are given: record stays at its depth, and score itself holds events back'
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l no-train -d 'Train no model'
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l from -d 'The repository: `dir:PATH`, or the URL of an Elasticsearch server' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l since -d 'Those since then: a time such as `2026-11-24T03:00:00Z`, or how long ago, such as `12h`' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l api-key-file -d 'A file with the server\'s API key in its encoded form' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l user -d 'The user to log in as' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l password-file -d 'A file with the user\'s password' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l ca-file -d 'A PEM file of certificate authorities to trust' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l client-certificate -d 'A PEM file of the client\'s certificate and its key' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l namespace -d 'The last part of the data streams\' names' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l timeout -d 'How long one request may take' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l json -d 'Print the last line of each incident as it was published, instead of a table'
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand incidents" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l from -d 'The repository: `dir:PATH`, or the URL of an Elasticsearch server' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l limit -d 'The most events that are read' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l api-key-file -d 'A file with the server\'s API key in its encoded form' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l user -d 'The user to log in as' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l password-file -d 'A file with the user\'s password' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l ca-file -d 'A PEM file of certificate authorities to trust' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l client-certificate -d 'A PEM file of the client\'s certificate and its key' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l namespace -d 'The last part of the data streams\' names' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l timeout -d 'How long one request may take' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l json -d 'Print the lines as they were published, in the order of their time'
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand check" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand check" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand check" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand check" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand check" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand check" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand check" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand check" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand schema" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand schema" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand schema" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand schema" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand schema" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand schema" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand schema" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand schema" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand completions" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand completions" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand completions" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand completions" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand completions" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand completions" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand completions" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand completions" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand man" -s c -l config -d 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb' -r -F
complete -c vaectl -n "__fish_vaectl_using_subcommand man" -l log-format -d 'How log lines on standard error look' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c vaectl -n "__fish_vaectl_using_subcommand man" -l log-level -d 'The least severe line that is logged' -r -f -a "off\t''
error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c vaectl -n "__fish_vaectl_using_subcommand man" -l max-line-bytes -d 'The longest line that is written, and accepted' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand man" -l exit-wait -d 'How long a failing exit waits where standard output is a pipe' -r
complete -c vaectl -n "__fish_vaectl_using_subcommand man" -l strict -d 'Make a malformed line fatal instead of quoting it in a dead letter'
complete -c vaectl -n "__fish_vaectl_using_subcommand man" -l with-parent -d 'End as by SIGTERM when the process that started this one is gone'
complete -c vaectl -n "__fish_vaectl_using_subcommand man" -l resumed -d 'Begin the output with a line end: the process that this one replaces may have left half a line'
complete -c vaectl -n "__fish_vaectl_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "record" -d 'Watch containers and write what they do: windows of counters, and events'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "train" -d 'Learn a model for every image from its containers\' windows'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "score" -d 'Judge windows by their models, and let through the events that a verdict calls for'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "eval" -d 'Compare verdicts with the truth: what was found, how soon, why, and at what price'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "model" -d 'List, show, compare and verify models, and say which are in use'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "publish" -d 'Write lines to a repository: a directory, standard output or Elasticsearch'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "run" -d 'Run several stages as child processes joined by pipes, as vaectl.toml says'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "incidents" -d 'List the incidents in a repository'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "show" -d 'Print one incident: its timeline, process tree, reasons, peers and files'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "check" -d 'Say what this host can and cannot do, and why'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "schema" -d 'Print the JSON Schema of a line type, or of the configuration file'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "completions" -d 'Print the completions for a shell'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "man" -d 'Print a manual page'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and not __fish_seen_subcommand_from record train score eval model publish run incidents show check schema completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and __fish_seen_subcommand_from model" -f -a "ls" -d 'List every version of every model'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and __fish_seen_subcommand_from model" -f -a "show" -d 'Print what is known about a model'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and __fish_seen_subcommand_from model" -f -a "diff" -d 'Print what one version has that another has not'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and __fish_seen_subcommand_from model" -f -a "verify" -d 'Load every version, and say which files are not what their names say'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and __fish_seen_subcommand_from model" -f -a "promote" -d 'Put a version in use. SIGHUP makes a running `score` read it'
complete -c vaectl -n "__fish_vaectl_using_subcommand help; and __fish_seen_subcommand_from model" -f -a "rollback" -d 'Put the version in use again that was before; twice leads back'
