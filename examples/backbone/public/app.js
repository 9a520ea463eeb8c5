/* global Backbone, jQuery */
const Todo = Backbone.Model.extend({
  // The server names every todo by an absolute URL; a new one is posted to the collection's.
  url() {
    return this.isNew() ? this.collection.url : this.get('url');
  },
});

const Todos = Backbone.Collection.extend({ model: Todo, url: `${location.origin}/todos` });

const TodoView = Backbone.View.extend({
  tagName: 'li',
  events: { 'change .done': 'toggle', 'change .title': 'rename', 'click .delete': 'remove' },
  initialize() {
    this.listenTo(this.model, 'change', this.render);
    this.listenTo(this.model, 'destroy', () => this.$el.remove());
  },
  render() {
    const title = this.model.get('title');
    this.$el
      .attr('data-todo', this.model.id)
      .empty()
      .append(
        jQuery('<input type="checkbox" class="done">')
          .prop('checked', this.model.get('done'))
          .attr('aria-label', `Done: ${title}`),
        jQuery('<input class="title" aria-label="Title">').val(title),
        jQuery('<button type="button" class="delete">Delete</button>').attr('aria-label', `Delete ${title}`),
      );
    return this;
  },
  toggle(event) {
    this.model.save({ done: event.target.checked }, { patch: true, wait: true });
  },
  rename(event) {
    this.model.save({ title: event.target.value }, { patch: true, wait: true });
  },
  remove() {
    this.model.destroy({ wait: true });
  },
});

const todos = new Todos();
todos.on('add', (model) => jQuery('#todos').append(new TodoView({ model }).render().el));
todos.on('error', (_model, response) => jQuery('#problem').text(`The server answered ${response.status}.`));
jQuery('#add').on('submit', (event) => {
  event.preventDefault();
  const field = jQuery('#add [name=title]');
  todos.create({ title: field.val(), done: false }, { wait: true });
  field.val('');
});
todos.fetch();
