// objc_msgSend for x86-64 (System V): finds the method, gives every argument register back, jumps to it.
// Arguments on the stack stay where they are, so any signature works; MTLSize by value is there.
// rax holds the number of vector registers of a variadic call.
	.text

	.macro SAVE
	pushq %rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq %rsp, %rbp
	.cfi_def_cfa_register %rbp
	subq $192, %rsp
	movq %rdi, 0(%rsp)
	movq %rsi, 8(%rsp)
	movq %rdx, 16(%rsp)
	movq %rcx, 24(%rsp)
	movq %r8, 32(%rsp)
	movq %r9, 40(%rsp)
	movq %rax, 48(%rsp)
	movaps %xmm0, 64(%rsp)
	movaps %xmm1, 80(%rsp)
	movaps %xmm2, 96(%rsp)
	movaps %xmm3, 112(%rsp)
	movaps %xmm4, 128(%rsp)
	movaps %xmm5, 144(%rsp)
	movaps %xmm6, 160(%rsp)
	movaps %xmm7, 176(%rsp)
	.endm

	.macro RESTORE
	movq 0(%rsp), %rdi
	movq 8(%rsp), %rsi
	movq 16(%rsp), %rdx
	movq 24(%rsp), %rcx
	movq 32(%rsp), %r8
	movq 40(%rsp), %r9
	movq 48(%rsp), %rax
	movaps 64(%rsp), %xmm0
	movaps 80(%rsp), %xmm1
	movaps 96(%rsp), %xmm2
	movaps 112(%rsp), %xmm3
	movaps 128(%rsp), %xmm4
	movaps 144(%rsp), %xmm5
	movaps 160(%rsp), %xmm6
	movaps 176(%rsp), %xmm7
	movq %rbp, %rsp
	popq %rbp
	.cfi_def_cfa %rsp, 8
	.endm

	// entry: MessageEntry in lookup.cc; self and selector: where the prototype has them
	.macro SEND name, entry, self, selector, zero
	.globl \name
	.type \name, @function
	.p2align 4
\name:
	.cfi_startproc
	testq \self, \self
	je \zero
	SAVE
	movq \self, %rdi
	movq \selector, %rsi
	movl $\entry, %edx
	call sm_objc_lookup
	movq %rax, %r11
	RESTORE
	jmp *%r11
	.cfi_endproc
	.size \name, .-\name
	.endm

	SEND objc_msgSend, 0, %rdi, %rsi, sm_objc_zero
	SEND objc_msgSend_stret, 1, %rsi, %rdx, sm_objc_zero_stret
	SEND objc_msgSend_fpret, 2, %rdi, %rsi, sm_objc_zero_fpret

// What nil answers, and an object that does not understand.
	.macro ZERO name
	.globl \name
	.hidden \name
	.type \name, @function
	.p2align 4
\name:
	.endm

	ZERO sm_objc_zero
	xorl %eax, %eax
	xorl %edx, %edx
	xorps %xmm0, %xmm0
	xorps %xmm1, %xmm1
	ret

// The caller's structure is left as it is, as in Apple's runtime.
	ZERO sm_objc_zero_stret
	movq %rdi, %rax
	ret

	ZERO sm_objc_zero_fpret
	fldz
	ret

	.hidden sm_objc_lookup
	.section .note.GNU-stack, "", @progbits
