#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# gdb_normal.pl - what gdb printed, without numbers of processes and addresses.
#
# usage: gdb_normal.pl [sorted] < OUTPUT     sorted: threads run in any order, so their lines are compared as a set
#
# Addresses of the program itself are the same in each run; those of the kernel's choice (vDSO, stack, libraries)
# are not.  gdb 13 does not know the FPU state of newer CPUs and says so, wherever that is.
use strict;
my @lines;
while (<STDIN>) {
	s/0x[0-9a-f]{9,}|0x(?:f.|5[67])[0-9a-f]{6}\b/ADDR/g; # the second: of a 32-bit program
	s/\b(process|LWP|pid|Process|exited process|attaching after Thread ADDR \(LWP \d+\) vfork to child process) \d+/$1 N/g;
	s/(si_p?id = )\d+/$1N/g;
	s/^(\[Inferior \d+ \(process) \d+/$1 N/;
	s/ +/ /g if /^[ *]+(?:Num|Id|\d+) .*(?:Executable|process N|Thread|Frame)/;
	if (/^warning: Section `\.reg-xstate/) {
		pop @lines if @lines && $lines[-1] eq "\n";
		next;
	}
	push @lines, $_;
}
@lines = sort @lines if @ARGV;
print @lines;
