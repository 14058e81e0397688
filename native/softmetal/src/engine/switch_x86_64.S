# void sm_switch(void** save, void* to)
# Saves what the System V ABI asks a function to keep: rbx, rbp, r12-r15 and the stack pointer. The floating
# point control words are not switched: kernels never change them.
# Ends in pop and jmp, not ret: the processor's prediction of return addresses would miss at every switch.
	.text
	.globl	sm_switch
	.hidden	sm_switch
	.type	sm_switch,@function
sm_switch:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp,(%rdi)
	movq	%rsi,%rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	popq	%rcx
	jmp	*%rcx
	.size	sm_switch,.-sm_switch
	.section .note.GNU-stack,"",@progbits
