/** Two strong ends and, dashed, the weak tie that carries the news. */
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path d="M8 21 16 10" stroke="currentColor" strokeWidth="3" strokeLinecap="round" />
      <path d="m18 12 6 8" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" strokeDasharray="1 4" />
      <circle cx="8" cy="22" r="4.5" fill="currentColor" />
      <circle cx="16.5" cy="9" r="4.5" fill="currentColor" />
      <circle cx="25" cy="22" r="3.5" className="logo-far" stroke="currentColor" strokeWidth="2.4" />
    </svg>
  );
}
