#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# strace_normal.pl - what strace wrote, without what no two runs have in common.
#
# usage: strace_normal.pl PREFIX      of `strace -ff -o PREFIX`: one process after the other, by their numbers
#        strace_normal.pl < OUTPUT    lines without process numbers, sorted
#
# Numbers of processes become P1, P2, ... or P, addresses ADDR, clocks TIME.  Children end in any order and SIGCHLD
# comes between any two calls, so what tells of them stands at the end of their parent, sorted.  Sizes of directories belong to the file system, the length of a CPU set and
# the memory to the machine.
use strict;
my ($prefix) = @ARGV;
my %name;

sub normal {
	$_ = shift;
	s/0x[0-9a-f]{5,}/ADDR/g;
	s/(st_mode=S_IFDIR[^}]*st_size=)\d+/$1SIZE/g;
	s/si_([us])time=\d+(?: \/\* [0-9.]+ s \*\/)?/si_$1time=TIME/g;
	s/tv_(n?sec|usec)=\d+/tv_$1=TIME/g;
	s/^(getppid\(\) +=) \d+/$1 PPID/;
	s/^(sched_getaffinity.*=) \d+/$1 SIZE/;
	s/^((?:rt_)?sigreturn.*=) -?\d.*/$1 REGISTER/;
	s/(stx_mask=STATX_)(?:BASIC_STATS|ALL)/$1.../; # of the file system
	s/^(getrandom\()"[^"]*"/$1"..."/;
	s/^(sysinfo\(\{).*\}/$1...}/;
	s/ru_utime=\{.*/RUSAGE/;
	return $_;
}

if (!$prefix) {
	print sort map { s/^(?:\[pid +\d+\]|\d+) +//; s/\b(si_pid=)\d+|(?<=tid=\[)\d+|(?<== )\d+$/($1 || '') . 'P'/ge; normal($_) } <STDIN>;
	exit;
}
my @files = sort { ($a =~ /(\d+)$/)[0] <=> ($b =~ /(\d+)$/)[0] } glob("$prefix.*");
$name{($_ =~ /(\d+)$/)[0]} = 'P' . (1 + keys %name) for @files;
for my $file (@files) {
	my @last;
	print "== $name{($file =~ /(\d+)$/)[0]}\n";
	open my $f, '<', $file or die;
	while (<$f>) {
		s/\b(\d+)\b/exists $name{$1} && $1 > 1 ? $name{$1} : $1/ge
		    if /^(?:getpid|gettid|clone|vfork|fork|wait4|waitid|kill|tgkill|set_tid_address|setpgid|getpgrp|getpgid)/;
		s/(?<=si_pid=)(\d+)/$name{$1} || $1/e;
		$_ = normal($_);
		if (/SIGCHLD \{|^(?:rt_)?sigreturn|^wait4\(-1.*= P/) {
			push @last, $_;
		} else {
			print;
		}
	}
	print sort @last;
}
