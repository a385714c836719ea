# The list of packages and the script that installs it.  The list itself is
# proven by a build in a bare root: on CONNEXT_BARE_ROOT=1 (or a suite's
# name), and by itself when the last commit touched the list.

use strict;
use warnings;

use Cwd qw(getcwd);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $top = getcwd();
my $list = 'packaging/packages.txt';


sub slurp
{
    my ($file) = @_;

    open(my $f, '<', $file) or return '';
    local $/;
    return readline($f);
}


# deps.sh with programs of ours in front of the real ones: dpkg-query says
# that only @$installed is there, apt-cache knows only @$known, apt-get notes
# how it is called and makes everything installed.
sub deps
{
    my ($installed, $known, @args) = @_;
    my $dir = tempdir(CLEANUP => 1);
    my %program = (
        'dpkg-query' => 'for last; do :; done
            if [ -e DIR/done ] || grep -qx "$last" DIR/installed; then
                printf "ii "; fi',
        'apt-cache' => 'if grep -qx "$2" DIR/known; then
                echo "  Candidate: 1.0"; else echo "  Candidate: (none)"; fi',
        'apt-get' => 'echo "$@" >> DIR/calls
            case $1 in install) touch DIR/done ;; esac',
        'id' => 'echo 0',
    );

    for my $name (keys %program) {
        open(my $f, '>', "$dir/$name") or die "$dir/$name: $!";
        print $f "#!/bin/sh\n", $program{$name} =~ s/DIR/$dir/gr, "\n";
        close($f);
        chmod 0755, "$dir/$name";
    }

    for (['installed', $installed], ['known', $known]) {
        open(my $f, '>', "$dir/$_->[0]") or die "$dir/$_->[0]: $!";
        print $f map { "$_\n" } @{ $_->[1] };
        close($f);
    }

    local $ENV{PATH} = "$dir:$ENV{PATH}";
    my $out = `sh packaging/deps.sh @args 2>&1`;

    return ($? >> 8, $out, slurp("$dir/calls"));
}


my (%section, $name);

for (split /\n/, slurp($list)) {
    s/\s*#.*//;
    if (/^\[(\w+)\]$/) { $name = $1 } elsif (/\S/) { push @{ $section{$name} }, $_ }
}

is(join(' ', sort keys %section), 'bench build node run test', 'five sections');

my @lines = map { @$_ } values %section;
my %seen;

is(join(', ', grep { $seen{$_}++ } @lines), '', 'nothing is named twice');
is(join(', ', grep { !/^[a-z0-9][a-z0-9.+-]*( \| [a-z0-9.+-]+)*( @\w+)?$/ }
              @lines), '', 'every line has the form the script reads');

my @all = map { (split ' ')[0] } @lines;

{
    my ($status, $out, $calls) = deps(\@all, [], 'test');
    is($status, 0, 'everything there: exit 0');
    is($out, "packages for test: all there\n", '... says so');
    is($calls, '', '... and apt-get is left alone');
}

{
    my @most = grep { $_ ne 'make' && $_ ne 'curl' } @all;

    my ($status, $out, $calls) = deps(\@most, \@all, '-n', 'build');
    is($status, 1, '-n with something missing: exit 1');
    is($out, "packages for build, missing: make curl\n", '... names it');
    is($calls, '', '... and installs nothing');
}

SKIP: {
    skip 'would write /usr/sbin/policy-rc.d', 4
        if !-e '/usr/sbin/policy-rc.d' && !-w '/usr/sbin';

    my $before = -e '/usr/sbin/policy-rc.d';
    my @most = grep { $_ ne 'make' } @all;
    my ($status, $out, $calls) = deps(\@most, \@all, 'build');

    is($status, 0, 'installs: exit 0');
    is($calls, "update -qq\ninstall -y --no-install-recommends make\n",
       '... what is missing and nothing else');
    like($out, qr/installed\n\z/, '... and says that it is there');
    is(-e '/usr/sbin/policy-rc.d', $before, 'policy-rc.d is as it was');
}

is((deps([], [], 'nonsense'))[0], 64, 'an unknown list: exit 64');


sub changed_last
{
    my $files = `git diff --name-only HEAD~1 HEAD 2>/dev/null`;

    return $files =~ m{^packaging/(packages\.txt|deps\.sh)$}m;
}


SKIP: {
    my $wanted = $ENV{CONNEXT_BARE_ROOT} || '';
    my $suite = $wanted =~ /^[a-z]+$/ ? $wanted : 'bookworm';

    skip 'the list did not change; CONNEXT_BARE_ROOT=1 proves it all the same',
         1 if !$wanted && !changed_last();
    skip 'a bare root needs root', 1 if $> != 0;
    skip 'debootstrap is not installed', 1
        if system('command -v debootstrap >/dev/null') != 0;

    my $dir = tempdir(CLEANUP => 1);
    my $out = `packaging/bare-root.sh $suite $dir/root deps-test all 2>&1`;

    is($? >> 8, 0, "a bare $suite builds with the listed packages")
        or diag($out);
}

done_testing();
