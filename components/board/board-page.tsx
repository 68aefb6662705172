'use client';
import { useTitle } from '../frame/frame.tsx';

export function BoardPage() {
  useTitle('Board', 'All projects');
  return <div />;
}
