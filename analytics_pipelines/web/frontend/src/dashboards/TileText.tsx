/** A text, with the two things of Markdown that notes on a dashboard have: headings and paragraphs. */
export function TileText({ text }: { text: string }) {
  const blocks = text.split(/\n{2,}|\n(?=#)|(?<=^#[^\n]*)\n/).filter((block) => block.trim());
  return (
    <div className="tile-text">
      {blocks.map((block, index) => {
        const heading = /^#{1,6}\s+(.*)$/.exec(block.trim())?.[1];
        return heading ? <h3 key={index}>{heading}</h3> : <p key={index}>{block}</p>;
      })}
    </div>
  );
}
