package Connext::Npm;

# A library of npm's in the build folder, at the versions of the lock file in
# t/npm/<name>.

use strict;
use warnings;

use Connext;
use Connext::Process qw(read_file write_file);
use Cwd qw(abs_path);
use Exporter 'import';
use File::Copy qw(copy);
use File::Path qw(make_path);
use Test::More;

our @EXPORT_OK = qw(npm_install npm_home);


sub npm_home { return "$Connext::BUILD/npm/$_[0]" }


sub same {
    my ($x, $y) = @_;

    return -e $x && read_file($x) eq read_file($y);
}


# Returns where it is; without it the test has failed.
sub npm_install {
    my ($name) = @_;

    my $from = abs_path("t/npm/$name");
    my $home = npm_home($name);
    my $lock = 'package-lock.json';

    if (!-e "$home/installed" || !same("$home/$lock", "$from/$lock")) {
        make_path($home);
        unlink "$home/installed";
        copy("$from/$_", "$home/$_") or die "$_: $!" for 'package.json', $lock;

        my $out = `cd '$home' && npm ci --ignore-scripts --no-audit \\
                   --no-fund 2>&1`;
        give_up($name, $out) if $? != 0;
        write_file("$home/installed", '');
    }

    my ($version) = read_file("$home/node_modules/$name/package.json")
                    =~ /"version": "([^"]+)"/;
    ok($version, "$name $version");
    return $home;
}


sub give_up {
    my ($name, $out) = @_;

    fail("npm ci installs $name: nodejs, npm and a registry are needed");
    diag(substr $out, -2000);
    done_testing();
    exit 1;
}

1;
