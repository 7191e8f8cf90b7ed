
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'vaectl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'vaectl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'vaectl' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('record', 'record', [CompletionResultType]::ParameterValue, 'Watch containers and write what they do: windows of counters, and events')
            [CompletionResult]::new('train', 'train', [CompletionResultType]::ParameterValue, 'Learn a model for every image from its containers'' windows')
            [CompletionResult]::new('score', 'score', [CompletionResultType]::ParameterValue, 'Judge windows by their models, and let through the events that a verdict calls for')
            [CompletionResult]::new('eval', 'eval', [CompletionResultType]::ParameterValue, 'Compare verdicts with the truth: what was found, how soon, why, and at what price')
            [CompletionResult]::new('model', 'model', [CompletionResultType]::ParameterValue, 'List, show, compare and verify models, and say which are in use')
            [CompletionResult]::new('publish', 'publish', [CompletionResultType]::ParameterValue, 'Write lines to a repository: a directory, standard output or Elasticsearch')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run several stages as child processes joined by pipes, as vaectl.toml says')
            [CompletionResult]::new('incidents', 'incidents', [CompletionResultType]::ParameterValue, 'List the incidents in a repository')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print one incident: its timeline, process tree, reasons, peers and files')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say what this host can and cannot do, and why')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a line type, or of the configuration file')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'vaectl;record' {
            [CompletionResult]::new('--window', '--window', [CompletionResultType]::ParameterName, 'The length of a window')
            [CompletionResult]::new('--depth', '--depth', [CompletionResultType]::ParameterName, 'How much is reported of containers that nobody asked for otherwise')
            [CompletionResult]::new('--container', '--container', [CompletionResultType]::ParameterName, 'Only this container, by its name or the beginning of its id; may be repeated')
            [CompletionResult]::new('--cgroup', '--cgroup', [CompletionResultType]::ParameterName, 'Take this cgroup for a container, by its path below the v2 root; may be repeated')
            [CompletionResult]::new('--exclude-cgroup', '--exclude-cgroup', [CompletionResultType]::ParameterName, 'Leave out this cgroup and all below it; may be repeated')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'End after this long')
            [CompletionResult]::new('--max-containers', '--max-containers', [CompletionResultType]::ParameterName, 'How many containers there is room for')
            [CompletionResult]::new('--ring-bytes', '--ring-bytes', [CompletionResultType]::ParameterName, 'The room for events in the kernel')
            [CompletionResult]::new('--backlog-bytes', '--backlog-bytes', [CompletionResultType]::ParameterName, 'The room for events that wait for a slow reader; with `--control`, half as much again for those of suspicious containers')
            [CompletionResult]::new('--control', '--control', [CompletionResultType]::ParameterName, 'Listen on this socket for the depth of each container, which `score --control` asks for')
            [CompletionResult]::new('--census-duty', '--census-duty', [CompletionResultType]::ParameterName, 'Count system calls only in this share of the time, in short slices at random; a rare call or a file that falls between slices is seen only where a container is watched deeper than the census. Without `--control` it takes `--depth census`: deeper, all calls are counted')
            [CompletionResult]::new('--flight-bytes', '--flight-bytes', [CompletionResultType]::ParameterName, 'The room in the kernel for what a container does below its depth, with `--control`')
            [CompletionResult]::new('--replay', '--replay', [CompletionResultType]::ParameterName, 'Write the lines of this recording instead, plain or zstd')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--no-engine', '--no-engine', [CompletionResultType]::ParameterName, 'Ask no container engine for names; read only what runtimes leave in files')
            [CompletionResult]::new('--bpf-stats', '--bpf-stats', [CompletionResultType]::ParameterName, 'Let the kernel count how often it runs each program and for how long, and log that at the end. Needs `CAP_SYS_ADMIN`; while it counts, every run of every program of this host takes longer')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;train' {
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'The archive of `score`: a folder of files')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Leave out windows before then: a time such as `2026-11-24T03:00:00Z`, or how long ago, such as `7d`. Files of an archive that are older are not read')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Make models of these keys alone; the windows of others still tell whether they are good')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'How many versions of a model are kept, beside the one in use and the one before')
            [CompletionResult]::new('--models', '--models', [CompletionResultType]::ParameterName, 'The folder that models are written to')
            [CompletionResult]::new('--seeds', '--seeds', [CompletionResultType]::ParameterName, 'The seeds: one network is trained for each')
            [CompletionResult]::new('--draws', '--draws', [CompletionResultType]::ParameterName, 'How many samples of the latent space are decoded for one window')
            [CompletionResult]::new('--epochs', '--epochs', [CompletionResultType]::ParameterName, 'The most passes over the data; as many as help where absent')
            [CompletionResult]::new('--beta', '--beta', [CompletionResultType]::ParameterName, 'The weight of the latent part of the loss')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'How the report looks; one line with --promote, else a table')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--accept', '--accept', [CompletionResultType]::ParameterName, 'Learn from windows of incidents too, of the keys that are named: what changed is here to stay. Give `--since` its beginning')
            [CompletionResult]::new('--promote', '--promote', [CompletionResultType]::ParameterName, 'Where a model is in use already, put the new one in use only where it is at least as good: no more false positives on the newest runs, which neither has seen, and no fewer true ones at that rate')
            [CompletionResult]::new('--allow-collapsed', '--allow-collapsed', [CompletionResultType]::ParameterName, 'Keep a model that learned no more than a distance from the mean, though its windows have more to learn')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;score' {
            [CompletionResult]::new('--models', '--models', [CompletionResultType]::ParameterName, 'The folder of models; it may be empty or missing')
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'Keep windows with their states in this folder, for `train`')
            [CompletionResult]::new('--archive-bytes', '--archive-bytes', [CompletionResultType]::ParameterName, 'The most that the archive may hold; the oldest goes first')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Keep in this folder what was learned of each container, over a restart')
            [CompletionResult]::new('--control', '--control', [CompletionResultType]::ParameterName, 'Ask the recorder that listens on this socket to watch each container as deep as its state calls for')
            [CompletionResult]::new('--hold-bytes', '--hold-bytes', [CompletionResultType]::ParameterName, 'How much of events all containers together may have held back')
            [CompletionResult]::new('--max-containers', '--max-containers', [CompletionResultType]::ParameterName, 'How many containers are told apart')
            [CompletionResult]::new('--events-per-second', '--events-per-second', [CompletionResultType]::ParameterName, 'How many events a second are published of all containers without an exact model')
            [CompletionResult]::new('--backlog-bytes', '--backlog-bytes', [CompletionResultType]::ParameterName, 'The room for lines that wait for a slow reader')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Score what runs outside containers as one more container')
            [CompletionResult]::new('--pass-windows', '--pass-windows', [CompletionResultType]::ParameterName, 'Pass windows on beside their verdicts')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;eval' {
            [CompletionResult]::new('--truth', '--truth', [CompletionResultType]::ParameterName, 'The truth')
            [CompletionResult]::new('--models', '--models', [CompletionResultType]::ParameterName, 'The folder of the models that judged, for the baselines')
            [CompletionResult]::new('--train', '--train', [CompletionResultType]::ParameterName, 'What the models were trained on, files or folders, for the baselines')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the figures look')
            [CompletionResult]::new('--pictures', '--pictures', [CompletionResultType]::ParameterName, 'Write pictures into this folder: ROC curves, and the score over time of every container that was attacked')
            [CompletionResult]::new('--sample', '--sample', [CompletionResultType]::ParameterName, 'The most windows that are compared with baselines, by which memory is bounded; of more, so many are drawn evenly')
            [CompletionResult]::new('--resamples', '--resamples', [CompletionResultType]::ParameterName, 'How often runs are drawn anew for an interval')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'The seed of all draws')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--baselines', '--baselines', [CompletionResultType]::ParameterName, 'Compare with densities that need no network, on the windows that `score --pass-windows` leaves beside its verdicts')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;model' {
            [CompletionResult]::new('--models', '--models', [CompletionResultType]::ParameterName, 'The folder of models')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the answer looks')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List every version of every model')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print what is known about a model')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Print what one version has that another has not')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Load every version, and say which files are not what their names say')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Put a version in use. SIGHUP makes a running `score` read it')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Put the version in use again that was before; twice leads back')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'vaectl;model;ls' {
            [CompletionResult]::new('--models', '--models', [CompletionResultType]::ParameterName, 'The folder of models')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the answer looks')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;model;show' {
            [CompletionResult]::new('--models', '--models', [CompletionResultType]::ParameterName, 'The folder of models')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the answer looks')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;model;diff' {
            [CompletionResult]::new('--models', '--models', [CompletionResultType]::ParameterName, 'The folder of models')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the answer looks')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;model;verify' {
            [CompletionResult]::new('--models', '--models', [CompletionResultType]::ParameterName, 'The folder of models')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the answer looks')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;model;promote' {
            [CompletionResult]::new('--models', '--models', [CompletionResultType]::ParameterName, 'The folder of models')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the answer looks')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;model;rollback' {
            [CompletionResult]::new('--models', '--models', [CompletionResultType]::ParameterName, 'The folder of models')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the answer looks')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;model;help' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List every version of every model')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print what is known about a model')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Print what one version has that another has not')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Load every version, and say which files are not what their names say')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Put a version in use. SIGHUP makes a running `score` read it')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Put the version in use again that was before; twice leads back')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'vaectl;model;help;ls' {
            break
        }
        'vaectl;model;help;show' {
            break
        }
        'vaectl;model;help;diff' {
            break
        }
        'vaectl;model;help;verify' {
            break
        }
        'vaectl;model;help;promote' {
            break
        }
        'vaectl;model;help;rollback' {
            break
        }
        'vaectl;model;help;help' {
            break
        }
        'vaectl;publish' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Where to: `dir:PATH`, `stdout:`, or the URL of an Elasticsearch server; several, with commas, stand in for each other')
            [CompletionResult]::new('--dead-letter', '--dead-letter', [CompletionResultType]::ParameterName, 'The file for lines that are malformed or refused')
            [CompletionResult]::new('--spool', '--spool', [CompletionResultType]::ParameterName, 'The folder where documents wait until the server has them, so that nothing is lost by an outage or a crash')
            [CompletionResult]::new('--spool-bytes', '--spool-bytes', [CompletionResultType]::ParameterName, 'The most that may wait there; beyond it summaries are dropped, then events, then the reading stops')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'A regular expression of further secrets in arguments and paths: its group `secret`, or all of it, is taken out')
            [CompletionResult]::new('--retry-for', '--retry-for', [CompletionResultType]::ParameterName, 'How long a repository that does not answer is asked again')
            [CompletionResult]::new('--batch-documents', '--batch-documents', [CompletionResultType]::ParameterName, 'The most documents in one request')
            [CompletionResult]::new('--batch-bytes', '--batch-bytes', [CompletionResultType]::ParameterName, 'The most bytes in one request')
            [CompletionResult]::new('--batch-age', '--batch-age', [CompletionResultType]::ParameterName, 'The longest a document waits for others')
            [CompletionResult]::new('--summary-age', '--summary-age', [CompletionResultType]::ParameterName, 'How long the summaries of stable containers wait for each other')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'A file with the server''s API key in its encoded form')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The user to log in as')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'A file with the user''s password')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'A PEM file of certificate authorities to trust')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'A PEM file of the client''s certificate and its key')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The last part of the data streams'' names')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one request may take')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--replay', '--replay', [CompletionResultType]::ParameterName, 'Publish again what stands in FILES: of a dead letter the line that it quotes, of a folder all that is below it')
            [CompletionResult]::new('--reconcile', '--reconcile', [CompletionResultType]::ParameterName, 'Publish nothing; compare what the lines of FILES come to with the server''s own counts')
            [CompletionResult]::new('--windows', '--windows', [CompletionResultType]::ParameterName, 'Publish windows too')
            [CompletionResult]::new('--no-redaction', '--no-redaction', [CompletionResultType]::ParameterName, 'Publish arguments and paths as they are, secrets and all')
            [CompletionResult]::new('--no-merge', '--no-merge', [CompletionResultType]::ParameterName, 'Give a server one document a line, instead of one for an exec with its exit or for connections to one peer')
            [CompletionResult]::new('--no-setup', '--no-setup', [CompletionResultType]::ParameterName, 'Leave the server''s index templates as they are')
            [CompletionResult]::new('--setup', '--setup', [CompletionResultType]::ParameterName, 'Install the index templates, and nothing else')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be installed instead')
            [CompletionResult]::new('--no-compression', '--no-compression', [CompletionResultType]::ParameterName, 'Send requests without compression')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;run' {
            [CompletionResult]::new('--stages', '--stages', [CompletionResultType]::ParameterName, 'The stages, in the order of the pipe')
            [CompletionResult]::new('--train-after', '--train-after', [CompletionResultType]::ParameterName, 'Train a first model so long after an image has a second run in the archive')
            [CompletionResult]::new('--train-every', '--train-every', [CompletionResultType]::ParameterName, 'Train it again so often')
            [CompletionResult]::new('--train-during', '--train-during', [CompletionResultType]::ParameterName, 'For so long after the first time')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--no-control', '--no-control', [CompletionResultType]::ParameterName, 'Join record and score by no control socket but one that they are given: record stays at its depth, and score itself holds events back')
            [CompletionResult]::new('--no-train', '--no-train', [CompletionResultType]::ParameterName, 'Train no model')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;incidents' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'The repository: `dir:PATH`, or the URL of an Elasticsearch server')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Those since then: a time such as `2026-11-24T03:00:00Z`, or how long ago, such as `12h`')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'A file with the server''s API key in its encoded form')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The user to log in as')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'A file with the user''s password')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'A PEM file of certificate authorities to trust')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'A PEM file of the client''s certificate and its key')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The last part of the data streams'' names')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one request may take')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the last line of each incident as it was published, instead of a table')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;show' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'The repository: `dir:PATH`, or the URL of an Elasticsearch server')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'The most events that are read')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'A file with the server''s API key in its encoded form')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The user to log in as')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'A file with the user''s password')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'A PEM file of certificate authorities to trust')
            [CompletionResult]::new('--client-certificate', '--client-certificate', [CompletionResultType]::ParameterName, 'A PEM file of the client''s certificate and its key')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The last part of the data streams'' names')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one request may take')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the lines as they were published, in the order of their time')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;check' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;schema' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;completions' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;man' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'The least severe line that is logged')
            [CompletionResult]::new('--max-line-bytes', '--max-line-bytes', [CompletionResultType]::ParameterName, 'The longest line that is written, and accepted')
            [CompletionResult]::new('--exit-wait', '--exit-wait', [CompletionResultType]::ParameterName, 'How long a failing exit waits where standard output is a pipe')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Make a malformed line fatal instead of quoting it in a dead letter')
            [CompletionResult]::new('--with-parent', '--with-parent', [CompletionResultType]::ParameterName, 'End as by SIGTERM when the process that started this one is gone')
            [CompletionResult]::new('--resumed', '--resumed', [CompletionResultType]::ParameterName, 'Begin the output with a line end: the process that this one replaces may have left half a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'vaectl;help' {
            [CompletionResult]::new('record', 'record', [CompletionResultType]::ParameterValue, 'Watch containers and write what they do: windows of counters, and events')
            [CompletionResult]::new('train', 'train', [CompletionResultType]::ParameterValue, 'Learn a model for every image from its containers'' windows')
            [CompletionResult]::new('score', 'score', [CompletionResultType]::ParameterValue, 'Judge windows by their models, and let through the events that a verdict calls for')
            [CompletionResult]::new('eval', 'eval', [CompletionResultType]::ParameterValue, 'Compare verdicts with the truth: what was found, how soon, why, and at what price')
            [CompletionResult]::new('model', 'model', [CompletionResultType]::ParameterValue, 'List, show, compare and verify models, and say which are in use')
            [CompletionResult]::new('publish', 'publish', [CompletionResultType]::ParameterValue, 'Write lines to a repository: a directory, standard output or Elasticsearch')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run several stages as child processes joined by pipes, as vaectl.toml says')
            [CompletionResult]::new('incidents', 'incidents', [CompletionResultType]::ParameterValue, 'List the incidents in a repository')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print one incident: its timeline, process tree, reasons, peers and files')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say what this host can and cannot do, and why')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a line type, or of the configuration file')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'vaectl;help;record' {
            break
        }
        'vaectl;help;train' {
            break
        }
        'vaectl;help;score' {
            break
        }
        'vaectl;help;eval' {
            break
        }
        'vaectl;help;model' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List every version of every model')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print what is known about a model')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Print what one version has that another has not')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Load every version, and say which files are not what their names say')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Put a version in use. SIGHUP makes a running `score` read it')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Put the version in use again that was before; twice leads back')
            break
        }
        'vaectl;help;model;ls' {
            break
        }
        'vaectl;help;model;show' {
            break
        }
        'vaectl;help;model;diff' {
            break
        }
        'vaectl;help;model;verify' {
            break
        }
        'vaectl;help;model;promote' {
            break
        }
        'vaectl;help;model;rollback' {
            break
        }
        'vaectl;help;publish' {
            break
        }
        'vaectl;help;run' {
            break
        }
        'vaectl;help;incidents' {
            break
        }
        'vaectl;help;show' {
            break
        }
        'vaectl;help;check' {
            break
        }
        'vaectl;help;schema' {
            break
        }
        'vaectl;help;completions' {
            break
        }
        'vaectl;help;man' {
            break
        }
        'vaectl;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
