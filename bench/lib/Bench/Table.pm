package Bench::Table;

# Rows to medians, medians to Markdown, and the targets with their verdict.

use strict;
use warnings;

use List::Util qw(max min sum0);
use POSIX qw(strftime);
use Scalar::Util qw(looks_like_number);

use Bench::Proc;

my %LOAD = (valid => 'valid, distinct ids', duplicate => 'duplicates',
            forged => 'bad signatures');


# medians(rows, key...): one row per name and key.  A row that failed its
# check marks the median: such a figure does not count.
sub medians
{
    my ($rows, @keys) = @_;
    my (%group, @order);

    for my $row (@$rows) {
        my $key = join '|', map { $row->{$_} } 'name', @keys;
        push @order, $key if !$group{$key};
        push @{ $group{$key} }, $row;
    }

    return [map { median_row($group{$_}) } @order];
}


sub median_row
{
    my ($rows) = @_;
    my @good = grep { !$_->{wrong} } @$rows;
    my %m = (runs => scalar @$rows);

    $m{wrong} = join '; ', map { $_->{wrong} || () } @$rows;

    for my $key (keys %{ $good[0] || $rows->[0] }) {
        next if $key eq 'wrong';
        my @v = grep { defined } map { $_->{$key} } @good ? @good : @$rows;
        $m{$key} = !looks_like_number($v[0]) ? $v[0] : median(@v);
    }

    return \%m;
}


sub median
{
    my @v = sort { $a <=> $b } @_;

    return @v % 2 ? $v[$#v / 2] : ($v[@v / 2 - 1] + $v[@v / 2]) / 2;
}


sub edge_line
{
    my ($r) = @_;

    return sprintf "%-44s %-9s %3d  %s\n", $r->{name}, $r->{mode},
        $r->{connections}, !defined $r->{rps} ? $r->{wrong} : sprintf
        '%7.0f/s  p50 %6.2f  p99 %7.2f ms  cpu %.3f  redis %.3f'
        . '  rss %4.0f pss %4.0f  others %.2f %s',
        $r->{rps}, $r->{p50} / 1e3, $r->{p99} / 1e3, $r->{cpu},
        $r->{redis_cpu}, $r->{rss}, $r->{pss}, $r->{foreign}, $r->{wrong};
}


sub worker_line
{
    my ($r) = @_;

    return sprintf "%-32s %5d calls, %-7s  %s\n", $r->{name}, $r->{calls},
        $r->{model}, !defined $r->{rate} ? $r->{wrong} : sprintf
        '%7.0f/s  cpu %.3f ms  redis %.3f ms  rss %4.0f MB  others %.2f %s',
        $r->{rate}, $r->{cpu_ms}, $r->{redis_ms}, $r->{rss}, $r->{foreign},
        $r->{wrong};
}


sub markdown
{
    my ($result) = @_;
    my $text = "$result->{conditions}\n";

    $text .= edge_tables($result->{edge}) if $result->{edge};
    $text .= worker_tables($result->{worker}) if $result->{worker};

    return $text;
}


sub table
{
    my ($align, @rows) = @_;
    my %rule = (l => '---', r => '---:');
    my @lines = map { '| ' . join(' | ', @$_) . ' |' } @rows;

    splice @lines, 1, 0,
        '|' . join('|', map { $rule{$_} } split //, $align) . '|';

    return join("\n", @lines) . "\n";
}


# Three figures that matter, no more.
sub figure
{
    my ($v) = @_;

    return '-' if !defined $v;
    return commas(sprintf '%.0f', $v) if $v >= 100;

    return sprintf $v >= 10 ? '%.1f' : $v >= 1 ? '%.2f' : '%.3f', $v;
}


sub commas
{
    my ($n) = @_;

    1 while $n =~ s/^(\d+)(\d{3})/$1,$2/;

    return $n;
}


sub edge_tables
{
    my ($rows) = @_;
    my @out = ['deliveries', 'connections', 'edge, one process', 'req/s',
               'p50 ms', 'p99 ms', 'CPU s per 10,000', 'Redis CPU s per 10,000',
               'RSS MB', 'PSS MB', 'check'];

    for my $mode (qw(valid duplicate forged)) {
        for my $c (64, 512) {
            push @out, map { edge_row($_) }
                grep { $_->{mode} eq $mode && $_->{connections} == $c } @$rows;
        }
    }

    return "\n### Edge\n\n" . table('lrlrrrrrrrl', @out)
         . "\n" . verdicts(edge_targets($rows));
}


sub edge_row
{
    my ($r) = @_;
    my $name = $r->{name} eq $Bench::Edge::OURS ? "**$r->{name}**" : $r->{name};

    return [$LOAD{ $r->{mode} }, $r->{connections}, $name,
            (map { figure($_) } $r->{rps}, ms($r->{p50}), ms($r->{p99}),
                                $r->{cpu}, $r->{redis_cpu}, $r->{rss},
                                $r->{pss}),
            $r->{wrong} ? "FAILED: $r->{wrong}" : 'ok'];
}


sub ms
{
    my ($us) = @_;

    return defined $us ? $us / 1000 : undef;
}


# [figure, op, target, value]: value undef when a row is missing or wrong.
sub edge_targets
{
    my ($rows) = @_;
    my $ours = picker($rows, sub { $_[0] eq $Bench::Edge::OURS });
    my $ceiling = picker($rows, sub { $_[0] =~ /^nginx reads/ });
    my $peer = picker($rows, sub { $_[0] =~ /^OpenResty/ });
    my $node = picker($rows, sub { $_[0] =~ /Node/ });

    my $of = sub {
        my ($field, $load, $who, $their_load) = @_;
        return ratio($ours->($field, @$load),
                     $who->($field, @{ $their_load || $load }));
    };

    my ($v64, $v512) = (['valid', 64], ['valid', 512]);

    return (
        ['valid, 64: req/s to the ceiling', '>=', 0.45,
         $of->('rps', $v64, $ceiling)],
        ['valid, 64: req/s to the better OpenResty peer', '>=', 1.4,
         $of->('rps', $v64, $peer)],
        ['valid, 512: req/s to the better OpenResty peer', '>=', 1.9,
         $of->('rps', $v512, $peer)],
        ['valid, 512: p99 to the better OpenResty peer', '<=', 0.6,
         $of->('p99', $v512, $peer)],
        ['valid, 64: CPU a delivery to the better OpenResty peer', '<=', 0.5,
         $of->('cpu', $v64, $peer)],
        ['valid, 64: CPU a delivery to the ceiling', '<=', 1.6,
         $of->('cpu', $v64, $ceiling)],
        ['valid, 64: req/s to nginx in front of Node', '>=', 4.5,
         $of->('rps', $v64, $node)],
        ['valid, 64: CPU a delivery to nginx in front of Node', '<=', 0.15,
         $of->('cpu', $v64, $node)],
        ['bad signatures, 64: req/s to the ceiling', '>=', 0.9,
         $of->('rps', ['forged', 64], $ceiling, $v64)],
        ['bad signatures, 512: req/s to the ceiling', '>=', 0.9,
         $of->('rps', ['forged', 512], $ceiling, $v512)],
        ['RSS MB of a process under load, the largest row', '<=', 20,
         max(0, map { $_->{process} || 0 }
                grep { $_->{name} eq $Bench::Edge::OURS } @$rows) || undef],
    );
}


# The best figure among the rows of those whose name is wanted: the highest
# rate, the lowest of anything else.
sub picker
{
    my ($rows, $wanted) = @_;

    return sub {
        my ($field, $mode, $connections) = @_;
        my @v = map { $_->{$field} }
                grep { $wanted->($_->{name}) && !$_->{wrong}
                       && $_->{mode} eq $mode
                       && $_->{connections} == $connections } @$rows;

        return $field eq 'rps' ? max(@v) : min(@v);
    };
}


sub ratio
{
    my ($ours, $theirs) = @_;

    return defined $ours && $theirs ? $ours / $theirs : undef;
}


sub verdicts
{
    my (@targets) = @_;
    my @out = ['target', 'wanted', 'measured', 'verdict'];

    for my $t (@targets) {
        my ($what, $op, $want, $got) = @$t;
        my $verdict = !defined $got ? 'not measured'
                    : ($op eq '>=' ? $got >= $want : $got <= $want) ? 'pass'
                    : 'MISS';
        push @out, [$what, "$op $want",
                    defined $got ? sprintf('%.2f', $got) : '-', $verdict];
    }

    return table('lrrl', @out);
}


sub worker_tables
{
    my ($rows) = @_;
    my @out = ['calls in flight', 'model answers', 'worker, one process',
               'messages/s', 'CPU ms a message', 'Redis CPU ms a message',
               'RSS MB', 'KB a call more', 'check'];

    for my $load (@Bench::Worker::LOADS) {
        push @out, map { worker_row($_, $rows) }
            grep { $_->{calls} == $load->{calls}
                   && $_->{model} eq $load->{model} } @$rows;
    }

    return "\n### Worker\n\n" . table('rllrrrrrl', @out) . "\n"
         . verdicts(worker_targets($rows));
}


sub worker_row
{
    my ($r, $rows) = @_;
    my $name = $r->{name} eq $Bench::Edge::OURS ? "**$r->{name}**" : $r->{name};

    # Beside the same worker with the fewest calls in flight.
    my ($least) = sort { $a->{calls} <=> $b->{calls} }
                  grep { $_->{name} eq $r->{name} } @$rows;
    my $more = $r->{calls} - $least->{calls};

    return [commas($r->{calls}), $r->{model}, $name,
            (map { figure($_) } $r->{rate}, $r->{cpu_ms}, $r->{redis_ms},
                                $r->{rss}),
            $more ? figure(($r->{rss} - $least->{rss}) * 1024 / $more) : '-',
            $r->{wrong} ? "FAILED: $r->{wrong}" : 'ok'];
}


sub worker_targets
{
    my ($rows) = @_;

    my $find = sub {
        my ($field, $name, $calls) = @_;
        my ($r) = grep { $_->{name} =~ /$name/ && $_->{calls} == $calls
                         && !$_->{wrong} } @$rows;
        return $r && $r->{$field};
    };
    my $of = sub {
        my ($field, $name, $calls) = @_;
        return ratio($find->($field, "^$Bench::Edge::OURS\$", $calls),
                     $find->($field, $name, $calls));
    };

    my $small = $find->('rss', "^$Bench::Edge::OURS\$", 64);
    my $large = $find->('rss', "^$Bench::Edge::OURS\$", 1000);

    return (
        ['model at once, 64 in flight: messages/s to BullMQ', '>=', 2,
         $of->('rate', 'BullMQ', 64)],
        ['model at once, 64 in flight: messages/s to XREADGROUP + undici',
         '>=', 1.1, $of->('rate', 'XREADGROUP', 64)],
        ['1,000 in flight: RSS to BullMQ', '<=', 0.25,
         $of->('rss', 'BullMQ', 1000)],
        ['RSS KB per extra call in flight', '<=', 24,
         defined $small && defined $large
         ? max(0, $large - $small) * 1024 / (1000 - 64) : undef],
    );
}


# One paragraph: machine, versions, date, command.
sub conditions
{
    my ($site, $o) = @_;
    my ($cpu) = Bench::Proc::slurp('/proc/cpuinfo')
                =~ /^model name\s*:\s*(.*)$/m;
    my ($os) = Bench::Proc::slurp('/etc/os-release')
               =~ /^PRETTY_NAME="(.*)"$/m;
    my @versions = map { first_line($_) }
        'nginx -v 2>&1', 'redis-server --version', 'node --version',
        'curl --version';
    my ($commit) = first_line(
        "git -C '$site->{here}' describe --always --dirty 2>/dev/null");

    s/^nginx version: //, s/^Redis server v=(\S+).*/Redis $1/,
    s/^v/Node /, s/^curl .*(libcurl)\/(\S+).*/$1 $2/ for @versions;

    my $cpus = () = Bench::Proc::slurp('/proc/cpuinfo') =~ /^processor\b/mg;

    return sprintf "%s, %s, %s CPUs (%s), %s; commit %s; median of %d run%s"
        . " of %d s; server on CPU %d, load, Redis and doubles on CPU %d.\n"
        . "Made by `%s`; load of the machine at the start: %s.",
        strftime('%Y-%m-%d', gmtime), $os, $cpus, $cpu || 'unknown',
        join(', ', @versions), $commit || 'none', $o->{runs},
        $o->{runs} == 1 ? '' : 's', $o->{seconds},
        $Bench::Site::SERVER_CPU, $Bench::Site::LOAD_CPU,
        $o->{quick} ? 'make bench BENCH=quick' : 'make bench',
        (split ' ', Bench::Proc::slurp('/proc/loadavg'))[0];
}


sub first_line
{
    my ($cmd) = @_;
    my ($line) = split /\n/, `$cmd`;

    return defined $line ? $line : '';
}


# Between the markers of the page.
sub into_docs
{
    my ($file, $text) = @_;
    my $page = Bench::Proc::slurp($file);

    $page =~ s/(<!-- bench -->\n).*?(<!-- \/bench -->)/$1\n$text\n$2/s
        or die "$file has no <!-- bench --> markers\n";

    open(my $f, '>', $file) or die "$file: $!\n";
    print $f $page;
    close($f) or die "$file: $!\n";

    return;
}


1;
