
use builtin;
use str;

set edit:completion:arg-completer[vaectl] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'vaectl'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'vaectl'= {
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand record 'Watch containers and write what they do: windows of counters, and events'
            cand train 'Learn a model for every image from its containers'' windows'
            cand score 'Judge windows by their models, and let through the events that a verdict calls for'
            cand eval 'Compare verdicts with the truth: what was found, how soon, why, and at what price'
            cand model 'List, show, compare and verify models, and say which are in use'
            cand publish 'Write lines to a repository: a directory, standard output or Elasticsearch'
            cand run 'Run several stages as child processes joined by pipes, as vaectl.toml says'
            cand incidents 'List the incidents in a repository'
            cand show 'Print one incident: its timeline, process tree, reasons, peers and files'
            cand check 'Say what this host can and cannot do, and why'
            cand schema 'Print the JSON Schema of a line type, or of the configuration file'
            cand completions 'Print the completions for a shell'
            cand man 'Print a manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vaectl;record'= {
            cand --window 'The length of a window'
            cand --depth 'How much is reported of containers that nobody asked for otherwise'
            cand --container 'Only this container, by its name or the beginning of its id; may be repeated'
            cand --cgroup 'Take this cgroup for a container, by its path below the v2 root; may be repeated'
            cand --exclude-cgroup 'Leave out this cgroup and all below it; may be repeated'
            cand --duration 'End after this long'
            cand --max-containers 'How many containers there is room for'
            cand --ring-bytes 'The room for events in the kernel'
            cand --backlog-bytes 'The room for events that wait for a slow reader; with `--control`, half as much again for those of suspicious containers'
            cand --control 'Listen on this socket for the depth of each container, which `score --control` asks for'
            cand --census-duty 'Count system calls only in this share of the time, in short slices at random; a rare call or a file that falls between slices is seen only where a container is watched deeper than the census. Without `--control` it takes `--depth census`: deeper, all calls are counted'
            cand --flight-bytes 'The room in the kernel for what a container does below its depth, with `--control`'
            cand --replay 'Write the lines of this recording instead, plain or zstd'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --no-engine 'Ask no container engine for names; read only what runtimes leave in files'
            cand --bpf-stats 'Let the kernel count how often it runs each program and for how long, and log that at the end. Needs `CAP_SYS_ADMIN`; while it counts, every run of every program of this host takes longer'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;train'= {
            cand --archive 'The archive of `score`: a folder of files'
            cand --since 'Leave out windows before then: a time such as `2026-11-24T03:00:00Z`, or how long ago, such as `7d`. Files of an archive that are older are not read'
            cand --key 'Make models of these keys alone; the windows of others still tell whether they are good'
            cand --keep 'How many versions of a model are kept, beside the one in use and the one before'
            cand --models 'The folder that models are written to'
            cand --seeds 'The seeds: one network is trained for each'
            cand --draws 'How many samples of the latent space are decoded for one window'
            cand --epochs 'The most passes over the data; as many as help where absent'
            cand --beta 'The weight of the latent part of the loss'
            cand --report 'How the report looks; one line with --promote, else a table'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --accept 'Learn from windows of incidents too, of the keys that are named: what changed is here to stay. Give `--since` its beginning'
            cand --promote 'Where a model is in use already, put the new one in use only where it is at least as good: no more false positives on the newest runs, which neither has seen, and no fewer true ones at that rate'
            cand --allow-collapsed 'Keep a model that learned no more than a distance from the mean, though its windows have more to learn'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;score'= {
            cand --models 'The folder of models; it may be empty or missing'
            cand --archive 'Keep windows with their states in this folder, for `train`'
            cand --archive-bytes 'The most that the archive may hold; the oldest goes first'
            cand --state 'Keep in this folder what was learned of each container, over a restart'
            cand --control 'Ask the recorder that listens on this socket to watch each container as deep as its state calls for'
            cand --hold-bytes 'How much of events all containers together may have held back'
            cand --max-containers 'How many containers are told apart'
            cand --events-per-second 'How many events a second are published of all containers without an exact model'
            cand --backlog-bytes 'The room for lines that wait for a slow reader'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --host 'Score what runs outside containers as one more container'
            cand --pass-windows 'Pass windows on beside their verdicts'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;eval'= {
            cand --truth 'The truth'
            cand --models 'The folder of the models that judged, for the baselines'
            cand --train 'What the models were trained on, files or folders, for the baselines'
            cand --format 'How the figures look'
            cand --pictures 'Write pictures into this folder: ROC curves, and the score over time of every container that was attacked'
            cand --sample 'The most windows that are compared with baselines, by which memory is bounded; of more, so many are drawn evenly'
            cand --resamples 'How often runs are drawn anew for an interval'
            cand --seed 'The seed of all draws'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --baselines 'Compare with densities that need no network, on the windows that `score --pass-windows` leaves beside its verdicts'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;model'= {
            cand --models 'The folder of models'
            cand --format 'How the answer looks'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand ls 'List every version of every model'
            cand show 'Print what is known about a model'
            cand diff 'Print what one version has that another has not'
            cand verify 'Load every version, and say which files are not what their names say'
            cand promote 'Put a version in use. SIGHUP makes a running `score` read it'
            cand rollback 'Put the version in use again that was before; twice leads back'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vaectl;model;ls'= {
            cand --models 'The folder of models'
            cand --format 'How the answer looks'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;model;show'= {
            cand --models 'The folder of models'
            cand --format 'How the answer looks'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;model;diff'= {
            cand --models 'The folder of models'
            cand --format 'How the answer looks'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;model;verify'= {
            cand --models 'The folder of models'
            cand --format 'How the answer looks'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;model;promote'= {
            cand --models 'The folder of models'
            cand --format 'How the answer looks'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;model;rollback'= {
            cand --models 'The folder of models'
            cand --format 'How the answer looks'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;model;help'= {
            cand ls 'List every version of every model'
            cand show 'Print what is known about a model'
            cand diff 'Print what one version has that another has not'
            cand verify 'Load every version, and say which files are not what their names say'
            cand promote 'Put a version in use. SIGHUP makes a running `score` read it'
            cand rollback 'Put the version in use again that was before; twice leads back'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vaectl;model;help;ls'= {
        }
        &'vaectl;model;help;show'= {
        }
        &'vaectl;model;help;diff'= {
        }
        &'vaectl;model;help;verify'= {
        }
        &'vaectl;model;help;promote'= {
        }
        &'vaectl;model;help;rollback'= {
        }
        &'vaectl;model;help;help'= {
        }
        &'vaectl;publish'= {
            cand --to 'Where to: `dir:PATH`, `stdout:`, or the URL of an Elasticsearch server; several, with commas, stand in for each other'
            cand --dead-letter 'The file for lines that are malformed or refused'
            cand --spool 'The folder where documents wait until the server has them, so that nothing is lost by an outage or a crash'
            cand --spool-bytes 'The most that may wait there; beyond it summaries are dropped, then events, then the reading stops'
            cand --redact 'A regular expression of further secrets in arguments and paths: its group `secret`, or all of it, is taken out'
            cand --retry-for 'How long a repository that does not answer is asked again'
            cand --batch-documents 'The most documents in one request'
            cand --batch-bytes 'The most bytes in one request'
            cand --batch-age 'The longest a document waits for others'
            cand --summary-age 'How long the summaries of stable containers wait for each other'
            cand --api-key-file 'A file with the server''s API key in its encoded form'
            cand --user 'The user to log in as'
            cand --password-file 'A file with the user''s password'
            cand --ca-file 'A PEM file of certificate authorities to trust'
            cand --client-certificate 'A PEM file of the client''s certificate and its key'
            cand --namespace 'The last part of the data streams'' names'
            cand --timeout 'How long one request may take'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --replay 'Publish again what stands in FILES: of a dead letter the line that it quotes, of a folder all that is below it'
            cand --reconcile 'Publish nothing; compare what the lines of FILES come to with the server''s own counts'
            cand --windows 'Publish windows too'
            cand --no-redaction 'Publish arguments and paths as they are, secrets and all'
            cand --no-merge 'Give a server one document a line, instead of one for an exec with its exit or for connections to one peer'
            cand --no-setup 'Leave the server''s index templates as they are'
            cand --setup 'Install the index templates, and nothing else'
            cand --dry-run 'Print what would be installed instead'
            cand --no-compression 'Send requests without compression'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;run'= {
            cand --stages 'The stages, in the order of the pipe'
            cand --train-after 'Train a first model so long after an image has a second run in the archive'
            cand --train-every 'Train it again so often'
            cand --train-during 'For so long after the first time'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --no-control 'Join record and score by no control socket but one that they are given: record stays at its depth, and score itself holds events back'
            cand --no-train 'Train no model'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;incidents'= {
            cand --from 'The repository: `dir:PATH`, or the URL of an Elasticsearch server'
            cand --since 'Those since then: a time such as `2026-11-24T03:00:00Z`, or how long ago, such as `12h`'
            cand --api-key-file 'A file with the server''s API key in its encoded form'
            cand --user 'The user to log in as'
            cand --password-file 'A file with the user''s password'
            cand --ca-file 'A PEM file of certificate authorities to trust'
            cand --client-certificate 'A PEM file of the client''s certificate and its key'
            cand --namespace 'The last part of the data streams'' names'
            cand --timeout 'How long one request may take'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --json 'Print the last line of each incident as it was published, instead of a table'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;show'= {
            cand --from 'The repository: `dir:PATH`, or the URL of an Elasticsearch server'
            cand --limit 'The most events that are read'
            cand --api-key-file 'A file with the server''s API key in its encoded form'
            cand --user 'The user to log in as'
            cand --password-file 'A file with the user''s password'
            cand --ca-file 'A PEM file of certificate authorities to trust'
            cand --client-certificate 'A PEM file of the client''s certificate and its key'
            cand --namespace 'The last part of the data streams'' names'
            cand --timeout 'How long one request may take'
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --json 'Print the lines as they were published, in the order of their time'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;check'= {
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;schema'= {
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;completions'= {
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;man'= {
            cand -c 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --config 'TOML file with options; `[record]`, `[score]` and so on hold those of one verb'
            cand --log-format 'How log lines on standard error look'
            cand --log-level 'The least severe line that is logged'
            cand --max-line-bytes 'The longest line that is written, and accepted'
            cand --exit-wait 'How long a failing exit waits where standard output is a pipe'
            cand --strict 'Make a malformed line fatal instead of quoting it in a dead letter'
            cand --with-parent 'End as by SIGTERM when the process that started this one is gone'
            cand --resumed 'Begin the output with a line end: the process that this one replaces may have left half a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'vaectl;help'= {
            cand record 'Watch containers and write what they do: windows of counters, and events'
            cand train 'Learn a model for every image from its containers'' windows'
            cand score 'Judge windows by their models, and let through the events that a verdict calls for'
            cand eval 'Compare verdicts with the truth: what was found, how soon, why, and at what price'
            cand model 'List, show, compare and verify models, and say which are in use'
            cand publish 'Write lines to a repository: a directory, standard output or Elasticsearch'
            cand run 'Run several stages as child processes joined by pipes, as vaectl.toml says'
            cand incidents 'List the incidents in a repository'
            cand show 'Print one incident: its timeline, process tree, reasons, peers and files'
            cand check 'Say what this host can and cannot do, and why'
            cand schema 'Print the JSON Schema of a line type, or of the configuration file'
            cand completions 'Print the completions for a shell'
            cand man 'Print a manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'vaectl;help;record'= {
        }
        &'vaectl;help;train'= {
        }
        &'vaectl;help;score'= {
        }
        &'vaectl;help;eval'= {
        }
        &'vaectl;help;model'= {
            cand ls 'List every version of every model'
            cand show 'Print what is known about a model'
            cand diff 'Print what one version has that another has not'
            cand verify 'Load every version, and say which files are not what their names say'
            cand promote 'Put a version in use. SIGHUP makes a running `score` read it'
            cand rollback 'Put the version in use again that was before; twice leads back'
        }
        &'vaectl;help;model;ls'= {
        }
        &'vaectl;help;model;show'= {
        }
        &'vaectl;help;model;diff'= {
        }
        &'vaectl;help;model;verify'= {
        }
        &'vaectl;help;model;promote'= {
        }
        &'vaectl;help;model;rollback'= {
        }
        &'vaectl;help;publish'= {
        }
        &'vaectl;help;run'= {
        }
        &'vaectl;help;incidents'= {
        }
        &'vaectl;help;show'= {
        }
        &'vaectl;help;check'= {
        }
        &'vaectl;help;schema'= {
        }
        &'vaectl;help;completions'= {
        }
        &'vaectl;help;man'= {
        }
        &'vaectl;help;help'= {
        }
    ]
    $completions[$command]
}
