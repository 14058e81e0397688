// objc_msgSend for arm64: finds the method, gives every argument register back, jumps to it.
// Arguments: x0-x7, q0-q7, x8 (where a structure result goes) and the stack, which stays as it is. MTLSize by
// value is a pointer to the caller's copy in one x register; there is no _stret entry.
	.text

	.globl objc_msgSend
	.type objc_msgSend, %function
	.p2align 4
objc_msgSend:
	.cfi_startproc
	cbz x0, sm_objc_zero
	stp x29, x30, [sp, #-224]!
	.cfi_def_cfa_offset 224
	.cfi_offset x29, -224
	.cfi_offset x30, -216
	mov x29, sp
	stp x0, x1, [sp, #16]
	stp x2, x3, [sp, #32]
	stp x4, x5, [sp, #48]
	stp x6, x7, [sp, #64]
	str x8, [sp, #80]
	stp q0, q1, [sp, #96]
	stp q2, q3, [sp, #128]
	stp q4, q5, [sp, #160]
	stp q6, q7, [sp, #192]
	mov w2, #0
	bl sm_objc_lookup
	mov x17, x0
	ldp x0, x1, [sp, #16]
	ldp x2, x3, [sp, #32]
	ldp x4, x5, [sp, #48]
	ldp x6, x7, [sp, #64]
	ldr x8, [sp, #80]
	ldp q0, q1, [sp, #96]
	ldp q2, q3, [sp, #128]
	ldp q4, q5, [sp, #160]
	ldp q6, q7, [sp, #192]
	ldp x29, x30, [sp], #224
	.cfi_def_cfa_offset 0
	br x17
	.cfi_endproc
	.size objc_msgSend, .-objc_msgSend

// What nil answers, and an object that does not understand. Memory at x8 is left as it is, as in Apple's
// runtime.
	.globl sm_objc_zero
	.hidden sm_objc_zero
	.type sm_objc_zero, %function
	.p2align 4
sm_objc_zero:
	mov x0, #0
	mov x1, #0
	movi d0, #0
	movi d1, #0
	movi d2, #0
	movi d3, #0
	ret

	.hidden sm_objc_lookup
	.section .note.GNU-stack, "", %progbits
